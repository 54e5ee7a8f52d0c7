/** Parts of a configuration text. */

/**
 * The block that headers lead to, such as `['interface octo0', 'peer osaka']`, with its header; the whole text without
 * headers, null when there is no such block.
 */
export function blockOf(lines: readonly string[], headers: readonly string[]): string[] | null {
  let block = [...lines];
  for (const [depth, header] of headers.entries()) {
    const start = block.indexOf(' '.repeat(depth) + header);
    if (start < 0) return null;
    const end = block.findIndex((line, index) => index > start && indentOf(line) <= depth);
    block = block.slice(start, end < 0 ? block.length : end + 1);
  }
  return block;
}

function indentOf(line: string): number {
  return line.search(/\S|$/);
}
