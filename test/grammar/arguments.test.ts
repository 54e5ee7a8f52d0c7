import { describe, expectTypeOf, it } from 'vitest';
import {
  type ArgsOf,
  choice,
  flag,
  keyword,
  oneOf,
  options,
  type Token,
  value,
} from '../../src/grammar/command.js';
import { IPV4, IPV6, NAME, range } from '../../src/grammar/values.js';

function argsOf<const T extends readonly Token[]>(..._tokens: T): ArgsOf<T> {
  return {} as ArgsOf<T>;
}

const PEER = value('peer', NAME, 'Peer');
const LINK = value('link', range(0, 7), 'Link');

describe('the arguments of a handler follow from the tokens', () => {
  it('values give their type under their name', () => {
    expectTypeOf(argsOf(keyword('show', 'Show'), PEER, LINK)).toEqualTypeOf<{ peer: string; link: number }>();
  });

  it('keywords of a choice give the words that are allowed there', () => {
    expectTypeOf(argsOf(oneOf('state', { up: 'Up', down: 'Down' }))).toEqualTypeOf<{
      state: 'up' | 'down';
    }>();
  });

  it('options may be absent', () => {
    expectTypeOf(argsOf(options([keyword('link', 'Link'), LINK], [flag('all', 'All')]))).toEqualTypeOf<{
      link?: number;
      all?: true;
    }>();
  });

  it('what all branches of a choice give is there, the rest may be', () => {
    expectTypeOf(argsOf(choice([PEER], [keyword('link', 'Link'), PEER, LINK]))).toEqualTypeOf<{
      peer: string;
      link?: number;
    }>();
    expectTypeOf(
      argsOf(choice([value('address', IPV4, 'Four')], [value('address', IPV6, 'Six')])),
    ).toEqualTypeOf<{ address: string }>();
    expectTypeOf(argsOf(choice([PEER], [keyword('any', 'Any')]))).toEqualTypeOf<{ peer?: string }>();
  });
});
