/** Values of command lines. */

/**
 * The whole number that an option has.
 * @throws Error with a sentence for the user when it is none, or outside of its range.
 */
export function between(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new Error(`--${name} takes a whole number from ${low} to ${high}, not '${text}'`);
  }
  return value;
}
