import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/api/config.js';
import { diffConfigs } from '../../src/config/diff.js';
import { parseConfig } from '../../src/config/edit.js';
import { mergeConfigs } from '../../src/config/merge.js';
import { renderConfig } from '../../src/config/render.js';
import { EXAMPLE } from '../control/fixtures.js';
import { configs } from './arbitrary.js';

const config = (text: string): Config => parseConfig(text).config;
const lineCount = (text: string) =>
  text.split('\n').filter((line) => line !== '' && line.trim() !== 'exit').length;

describe('differences', () => {
  it('stand under the headers of their blocks', () => {
    const to = EXAMPLE.replace('   priority 10\n', '')
      .replace('mtu 1500', 'mtu 1400')
      .replace(' no shutdown', ' peer kyoto\n  shutdown\n  link 3\n  exit\n exit\n no shutdown');
    expect(diffConfigs(config(EXAMPLE), config(to))).toEqual({
      lines: [
        ' interface octo0',
        '- mtu 1500',
        '+ mtu 1400',
        '  peer osaka',
        '   link 0',
        '-   priority 10',
        '+ peer kyoto',
        '+  link 3',
        '+  shutdown',
      ],
      added: 4,
      removed: 2,
    });
  });

  it('are none between configurations that differ only in order', () => {
    const one = 'interface a\n address 10.0.0.1/24\n address 10.0.1.1/24\n peer x\n exit\n peer y\n';
    const other = 'interface a\n peer y\n exit\n peer x\n exit\n address 10.0.1.1/24\n address 10.0.0.1/24\n';
    expect(diffConfigs(config(one), config(other)).lines).toEqual([]);
  });

  it('count all lines against nothing, and none against itself', () => {
    fc.assert(
      fc.property(configs, (one) => {
        const copy = structuredClone(one);
        expect(diffConfigs(one, copy).lines).toEqual([]);
        expect(diffConfigs({ interfaces: [] }, one)).toMatchObject({
          added: lineCount(renderConfig(one)),
          removed: 0,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('turned round are the same lines with the signs turned', () => {
    fc.assert(
      fc.property(configs, configs, (one, other) => {
        const signed = (from: Config, to: Config, sign: string) =>
          diffConfigs(from, to)
            .lines.filter((line) => line.startsWith(sign))
            .map((line) => line.slice(1))
            .sort();
        expect(signed(one, other, '+')).toEqual(signed(other, one, '-'));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a merge', () => {
  const meansTheSame = (one: Config, other: Config) => expect(diffConfigs(one, other).lines).toEqual([]);

  it('with a side that changed nothing is the other side', () => {
    fc.assert(
      fc.property(configs, configs, (base, changed) => {
        for (const merged of [mergeConfigs(base, changed, base), mergeConfigs(base, base, changed)]) {
          expect(merged.conflicts).toEqual([]);
          meansTheSame(merged.config, changed);
        }
        expect(mergeConfigs(base, changed, structuredClone(changed)).conflicts).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('takes back what one side did, whatever the other did elsewhere', () => {
    fc.assert(
      fc.property(configs, configs, (base, changed) => {
        meansTheSame(mergeConfigs(changed, base, changed).config, base);
      }),
      { numRuns: 200 },
    );
  });

  it('does not change its arguments', () => {
    fc.assert(
      fc.property(configs, configs, configs, (base, ours, theirs) => {
        const before = JSON.stringify([base, ours, theirs]);
        const { config: merged } = mergeConfigs(base, ours, theirs);
        for (const found of merged.interfaces) found.peers.push({ name: 'new', links: [] });
        expect(JSON.stringify([base, ours, theirs])).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  const base = config(EXAMPLE);
  const edited = (from: string, to: string) => config(EXAMPLE.replace(from, to));

  it('brings both sides together', () => {
    const { config: merged, conflicts } = mergeConfigs(
      base,
      edited('priority 10', 'priority 20'),
      edited(' no shutdown', ' peer kyoto\n exit\n no shutdown'),
    );
    expect(conflicts).toEqual([]);
    expect(renderConfig(merged)).toBe(
      EXAMPLE.replace('priority 10', 'priority 20').replace(
        ' no shutdown',
        ' peer kyoto\n exit\n no shutdown',
      ),
    );
  });

  it.each([
    ['mtu 1500', 'mtu 1400', 'mtu 1300', 'interface octo0, mtu'],
    ['policy active', 'policy passive', 'policy round-robin', 'interface octo0, peer osaka, policy'],
    [
      'remote 198.51.100.7 port 7700',
      'remote dynamic',
      'remote 198.51.100.8',
      'interface octo0, peer osaka, link 0, remote',
    ],
    ['/etc/octolink/osaka.psk', '/a', '/b', 'interface octo0, peer osaka, preshared-key-file'],
  ])('names what both changed: %s', (from, ours, theirs, place) => {
    const { config: merged, conflicts } = mergeConfigs(base, edited(from, ours), edited(from, theirs));
    expect(conflicts).toEqual([place]);
    expect(renderConfig(merged)).toBe(renderConfig(edited(from, ours)));
  });

  it('names a block that one side removed and the other changed', () => {
    const without = config(`${EXAMPLE}interface octo0\nno peer osaka`);
    const changed = edited('priority 10', 'priority 20');
    expect(mergeConfigs(base, without, changed).conflicts).toEqual(['interface octo0, peer osaka']);
    expect(mergeConfigs(base, without, changed).config).toEqual(without);
    expect(mergeConfigs(base, changed, without).config).toEqual(changed);
  });
});
