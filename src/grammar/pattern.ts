/** Patterns of names and addresses. */

/** Whether a text fits a pattern, in which `*` stands for any characters. At a terminal `?` asks for help. */
export function fits(pattern: string, text: string): boolean {
  const source = [...pattern]
    .map((sign) => (sign === '*' ? '.*' : sign.replace(/[\\^$.|+?()[\]{}]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 'u').test(text);
}
