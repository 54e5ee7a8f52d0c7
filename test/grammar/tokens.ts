import type { Token } from '../../src/grammar/command.js';

export type PlainToken = Extract<Token, { kind: 'keyword' | 'value' }>;

/** All keywords and values of a pattern, from every branch. */
export function plainTokens(tokens: readonly Token[]): PlainToken[] {
  return tokens.flatMap((token) => {
    if (token.kind === 'choice') return token.branches.flatMap(plainTokens);
    return token.kind === 'options' ? token.groups.flatMap(plainTokens) : [token];
  });
}
