/** Configuration lines name secrets by their files; a key that was typed into one by mistake must go no further. */

/** A key in base64 anywhere but behind `public-key`. What stands before it is looked at last: looking back is slow. */
const SECRET = /(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]{43}=)(?<!public-key\s+)[A-Za-z0-9+/]{43}=/;

export function holdsSecret(line: string): boolean {
  return SECRET.test(line);
}

/** The line with `<removed>` in the place of each secret. */
export function withoutSecrets(line: string): string {
  return line.replace(new RegExp(SECRET, 'g'), '<removed>');
}
