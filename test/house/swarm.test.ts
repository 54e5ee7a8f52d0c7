import { describe, expect, it } from 'vitest';
import { parseSwarmOptions } from '../../bench/swarm/options.js';
import { plotOf } from '../../bench/swarm/plot.js';

describe('options of the swarm', () => {
  it('joins first, whatever phases are asked for', () =>
    expect([...parseSwarmOptions(['--phases', 'idle']).phases]).toEqual(['join', 'idle']));

  it('spreads the clients over processes', () => {
    expect(parseSwarmOptions(['--clients', '65536']).processes).toBe(2);
    expect(parseSwarmOptions(['--clients', '100']).processes).toBe(1);
  });

  it('leaves room for the two clients that are daemons', () => {
    expect(parseSwarmOptions(['--clients', '65536', '--phases', 'tcp']).clients).toBe(65_534);
    expect(parseSwarmOptions(['--clients', '65536', '--phases', 'idle']).clients).toBe(65_536);
  });

  it.each([
    [['--clients', '1'], '--clients'],
    [['--clients', '65537'], '--clients'],
    [['--phases', 'join,dance'], 'dance'],
    [['--server-cores', 'all'], '--server-cores'],
    [['--interval', '5'], '--interval'],
  ])('refuses %j', (args, word) => expect(() => parseSwarmOptions(args)).toThrow(word));
});

describe('the plot of the swarm', () => {
  it('draws each curve from no client up to all of them', () => {
    const points = [
      { ms: 0, up: 0, residentMiB: 100 },
      { ms: 1000, up: 10, residentMiB: 101 },
    ];
    const svg = plotOf([{ name: 'a & b', points }], 10);
    expect(svg).toContain('points="64.0,280.0 624.0,24.0"');
    expect(svg).toContain('a &amp; b');
  });
});
