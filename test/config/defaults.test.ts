import { expect, it } from 'vitest';
import { effectiveInterface } from '../../src/config/defaults.js';
import { parseConfig } from '../../src/config/edit.js';

it('a host relays for others only when it is told to', () => {
  const relays = (line: string) => {
    const { config } = parseConfig(`interface octo0\n${line}`);
    return effectiveInterface(config.interfaces[0]).relay;
  };
  expect([relays('mtu 1500'), relays('relay'), relays('no relay')]).toEqual([false, true, false]);
});
