/** Lines that a command accepts, made from its tokens. */
import type { Token, ValueToken } from '../../src/grammar/command.js';
import { isRefusal } from '../../src/grammar/values.js';

/** Words of many kinds; each type of value accepts one of them. */
const WORDS = [
  '46',
  '192.0.2.9',
  '2001:db8::9',
  '192.0.2.9/24',
  '2001:db8::9/64',
  '02:00:00:00:00:09',
  '/tmp/sample',
  'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
  '2d',
  '20m',
  'https://192.0.2.9:2379',
  'octolink1-AAAABBBBCCCC',
];

/** A line with the first branch of each choice and all options; `name` is used where any name will do. */
export function sampleOf(tokens: readonly Token[], name: string): string {
  return tokens.map((token) => sampleOfToken(token, name)).join(' ');
}

function sampleOfToken(token: Token, name: string): string {
  switch (token.kind) {
    case 'keyword':
      return token.word;
    case 'value':
      return sampleValue(token, name);
    case 'choice':
      return sampleOf(token.branches[0], name);
    case 'options':
      return token.groups.map((group) => sampleOf(group, name)).join(' ');
  }
}

function sampleValue({ type }: ValueToken, name: string): string {
  const bounds = /^<(\d+)-(\d+)>$/.exec(type.label);
  const words = bounds === null ? [name, ...WORDS] : [bounds[2], bounds[1]];
  const word = words.find((candidate) => !isRefusal(type.parse(candidate)));
  if (word === undefined) throw new Error(`no sample of the type ${type.label}: add one to WORDS`);
  return word;
}
