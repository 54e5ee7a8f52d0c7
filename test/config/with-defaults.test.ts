import fc from 'fast-check';
import { expect, it } from 'vitest';
import { effectiveInterface, effectiveLink, effectivePolicy } from '../../src/config/defaults.js';
import { parseConfig } from '../../src/config/edit.js';
import { renderWithDefaults } from '../../src/config/render.js';
import { withTemplates } from '../../src/config/templates.js';
import { configs } from './arbitrary.js';

it('a configuration with its defaults means the same and says so again', () => {
  fc.assert(
    fc.property(configs, (config) => {
      const all = renderWithDefaults(config);
      const { config: again, syntax } = parseConfig(all);
      expect(syntax).toEqual([]);
      expect(renderWithDefaults(again)).toBe(all);
      for (const [index, own] of again.interfaces.entries()) {
        const before = withTemplates(config.interfaces[index]);
        expect(effectiveInterface(own)).toEqual(effectiveInterface(before));
        for (const [at, peer] of own.peers.entries()) {
          expect(effectivePolicy(own, peer)).toBe(effectivePolicy(before, before.peers[at]));
          const links = peer.links.map((link) => effectiveLink(own, link));
          expect(links).toEqual(before.peers[at].links.map((link) => effectiveLink(before, link)));
        }
      }
    }),
  );
});

it('what a peer takes from a template stands in its block', () => {
  const text = `interface a
 peer-template t
  policy active
  link 3
   priority 7
  exit
 exit
 peer p
  template t
 exit
`;
  const all = renderWithDefaults(parseConfig(text).config);
  expect(all).toMatch(
    /\n peer p\n {2}template t\n {2}policy active\n(?: {2}.*\n)* {2}link 3\n(?: {3}.*\n)* {3}priority 7\n/,
  );
  expect(all).toMatch(/\n peer-template t\n {2}policy active\n {2}link 3\n {3}priority 7\n {2}exit\n exit\n/);
});
