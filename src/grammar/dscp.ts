/** Differentiated services code points and their names (RFC 2474, 2597, 3246, 5865, 8622). */
import type { ValueType } from './values.js';

const HIGHEST = 63;

const NAMES = new Map<string, number>([
  ['le', 1],
  ['ef', 46],
  ['va', 44],
  ...Array.from({ length: 8 }, (_, index): [string, number] => [`cs${index}`, index * 8]),
  ...[1, 2, 3, 4].flatMap((group) =>
    [1, 2, 3].map((precedence): [string, number] => [`af${group}${precedence}`, group * 8 + precedence * 2]),
  ),
]);
const WORDS = new Map([...NAMES].map(([name, point]) => [point, name]));

/** A code point, by number or by name. */
export const DSCP: ValueType<number> = {
  label: '<0-63>|NAME',
  rank: 3,
  parse(text) {
    const point = NAMES.get(text.toLowerCase()) ?? (/^\d{1,2}$/.test(text) ? Number(text) : -1);
    return point >= 0 && point <= HIGHEST
      ? point
      : { refused: 'must be 0-63, or a name such as ef, af21 or cs6' };
  },
  mayBegin: (text) =>
    /^\d{0,2}$/.test(text) || [...NAMES.keys()].some((name) => name.startsWith(text.toLowerCase())),
};

/** The name of a code point where it has one. */
export function dscpText(point: number): string {
  return WORDS.get(point) ?? String(point);
}
