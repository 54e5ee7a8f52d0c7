/**
 * Which of the ways that work become links. Two links that share no network card and no address of the inviter fail
 * apart, so such pairs come first, the fastest before others; then those that bring one new end. Pure.
 */

/** A way that works: from an address of ours to an end of the inviter. */
export interface Way {
  /** Our network card. */
  device: string;
  /** The inviter's end. */
  remote: string;
  /** The one link of the inviter that leaves there; null: any. */
  link: number | null;
  rttUs: number;
}

/** The link id of each way, in the order given; null: it is not needed. `ids`: those the inviter has, ascending. */
export function linksOf(ways: readonly Way[], ids: readonly number[]): (number | null)[] {
  const chosen = new Array<number | null>(ways.length).fill(null);
  const free = new Set(ids);
  const devices = new Set<string>();
  const remotes = new Set<string>();
  const take = (at: number): void => {
    const { device, remote, link } = ways[at];
    const id = link ?? freeIds(ways, free)[0];
    if (id === undefined || !free.delete(id)) return;
    chosen[at] = id;
    devices.add(device);
    remotes.add(remote);
  };
  for (const at of mostDisjoint(ways)) take(at);
  for (const at of byTime(ways)) {
    if (chosen[at] !== null) continue;
    if (!devices.has(ways[at].device) || !remotes.has(ways[at].remote)) take(at);
  }
  return chosen;
}

/** Ids for ways that are tied to none: first those to which no way is tied. */
function freeIds(ways: readonly Way[], free: ReadonlySet<number>): number[] {
  const tied = new Set(ways.map(({ link }) => link));
  return [...free].sort((a, b) => Number(tied.has(a)) - Number(tied.has(b)) || a - b);
}

function byTime(ways: readonly Way[]): number[] {
  return [...ways.keys()].sort((a, b) => ways[a].rttUs - ways[b].rttUs || a - b);
}

/** A largest set of ways of which no two share an end (augmenting paths, Kuhn 1955), fast ways before slow ones. */
function mostDisjoint(ways: readonly Way[]): number[] {
  const order = byTime(ways);
  /** The way that each remote end has. */
  const takenBy = new Map<string, number>();
  const place = (device: string, seen: Set<string>): boolean => {
    for (const at of order) {
      const { remote } = ways[at];
      if (ways[at].device !== device || seen.has(remote)) continue;
      seen.add(remote);
      const holder = takenBy.get(remote);
      if (holder !== undefined && !place(ways[holder].device, seen)) continue;
      takenBy.set(remote, at);
      return true;
    }
    return false;
  };
  for (const device of new Set(order.map((at) => ways[at].device))) place(device, new Set());
  const taken = new Set(takenBy.values());
  return order.filter((at) => taken.has(at));
}
