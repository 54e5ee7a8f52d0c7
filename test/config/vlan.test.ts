/** The lines `vlan` of a peer and of the TAP. */
import { describe, expect, it } from 'vitest';
import type { VlanConfig } from '../../src/api/config.js';
import { editConfig, emptyConfig } from '../../src/config/edit.js';
import { vlanSettings } from '../../src/daemon/interfaces/datapath-settings.js';

const PEER = ['interface octo0', 'peer a'];

const BASE = editConfig(emptyConfig(), [], PEER).config;

function edit(...lines: string[]) {
  const edited = editConfig(BASE, PEER, lines);
  return { vlan: edited.config.interfaces[0]?.peers[0]?.vlan, problems: edited.syntax.length };
}

describe('the line vlan', () => {
  it.each<[string, VlanConfig]>([
    ['vlan access 10', { mode: 'access', vlan: 10 }],
    ['vlan trunk', { mode: 'trunk' }],
    ['vlan trunk native 7', { mode: 'trunk', native: 7 }],
    ['vlan trunk allowed 30-20', undefined as never],
    ['vlan trunk allowed 20-30,10,25,31', { mode: 'trunk', allowed: '10,20-31' }],
    ['vlan trunk allowed 10,20-30 native 4094', { mode: 'trunk', native: 4094, allowed: '10,20-30' }],
  ])('%s is read as %j', (line, wanted) => {
    expect(edit(line)).toEqual({ vlan: wanted, problems: wanted === undefined ? 1 : 0 });
  });

  it.each(['vlan access 0', 'vlan access 4095', 'vlan trunk allowed 0', 'vlan trunk allowed 1-4095'])(
    '%s is refused',
    (line) => {
      expect(edit(line)).toEqual({ vlan: undefined, problems: 1 });
    },
  );

  it('is replaced by another, and taken back as a whole', () => {
    expect(edit('vlan access 10', 'vlan trunk').vlan).toEqual({ mode: 'trunk' });
    for (const no of ['no vlan', 'no vlan access', 'no vlan trunk']) {
      expect(edit('vlan trunk native 7', no).vlan).toBeUndefined();
    }
  });

  it('means, to the datapath, a native VLAN and tagged ones', () => {
    expect(vlanSettings(undefined)).toBeNull();
    expect(vlanSettings({ mode: 'access', vlan: 10 })).toEqual({ native: 10, tagged: [] });
    expect(vlanSettings({ mode: 'trunk' })).toEqual({ native: 0, tagged: [[1, 4094]] });
    expect(vlanSettings({ mode: 'trunk', native: 7, allowed: '10,20-30' })).toEqual({
      native: 7,
      tagged: [
        [10, 10],
        [20, 30],
      ],
    });
  });
});
