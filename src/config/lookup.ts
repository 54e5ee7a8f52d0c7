/** Lookup by name: a configuration of 65,536 peers is read and changed in time proportional to its length. */

interface Named {
  name: string;
}

const indexes = new WeakMap<readonly Named[], Map<string, Named>>();

/** The element of that name; if there is none, `make` makes it and it is appended. Names in a list are unique. */
export function findOrAdd<T extends Named>(list: T[], name: string, make: () => T): T {
  const index = indexOf(list);
  const found = index.get(name);
  if (found !== undefined) return found as T;
  const made = make();
  list.push(made);
  index.set(name, made);
  return made;
}

/** Removes the element of that name from the list, if it is there. */
export function removeNamed<T extends Named>(list: T[], name: string): void {
  const index = indexOf(list);
  const found = index.get(name);
  if (found === undefined) return;
  list.splice(list.indexOf(found as T), 1);
  index.delete(name);
}

function indexOf(list: readonly Named[]): Map<string, Named> {
  let index = indexes.get(list);
  // A list that somebody else has lengthened or shortened is indexed again.
  if (index === undefined || index.size !== list.length) {
    index = new Map(list.map((element) => [element.name, element]));
    indexes.set(list, index);
  }
  return index;
}
