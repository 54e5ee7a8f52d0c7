/** Configuration lines name the files of secrets. A key that was typed into a line by mistake must go no further. */

/**
 * A key in base64 anywhere but after `public-key`, or the token of an invitation. The text before a key is checked last,
 * since looking back is slow.
 */
const SECRET =
  /(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]{43}=)(?<!public-key\s+)[A-Za-z0-9+/]{43}=|octolink1-[\w-]{8,}/;

export function holdsSecret(line: string): boolean {
  return SECRET.test(line);
}

/** The line with each secret replaced by `<removed>`. */
export function withoutSecrets(line: string): string {
  return line.replace(new RegExp(SECRET, 'g'), '<removed>');
}
