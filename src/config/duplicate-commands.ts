/** The lines by which frames are chosen that are sent twice: of an interface, and of a peer that wants it otherwise. */

import type { DuplicateConfig } from '../api/config.js';
import { keyword, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { type ConfigMode, type Scope, type Setting, setting } from './language.js';

interface Owner {
  duplicate?: DuplicateConfig;
}

const DUPLICATE = keyword('duplicate', 'Send some frames over two links, the others over one');

/** The lines of a mode whose object `target` finds. */
export function duplicateCommands(mode: ConfigMode, target: (scope: Scope) => Owner): Setting[] {
  const chosen = (scope: Scope): DuplicateConfig => target(scope).duplicate ?? {};
  const choose = (scope: Scope, change: DuplicateConfig): void => {
    target(scope).duplicate = { ...chosen(scope), ...change };
  };
  const forget = (scope: Scope, key: keyof DuplicateConfig): void => {
    const { [key]: gone, ...rest } = chosen(scope);
    if (gone === undefined) return;
    if (Object.keys(rest).length > 0) target(scope).duplicate = rest;
    else delete target(scope).duplicate;
  };
  return [
    setting(mode, {
      tokens: [
        DUPLICATE,
        keyword('small', 'Frames up to a size'),
        value('bytes', range(64, 1500, 'bytes'), 'Ethernet frame without FCS'),
      ],
      noNeeds: 2,
      set: (scope, { bytes }) => choose(scope, { small: bytes }),
      unset: (scope) => forget(scope, 'small'),
      render: (scope) => linesOf(chosen(scope).small, (bytes) => `duplicate small ${bytes}`),
    }),
    setting(mode, {
      tokens: [DUPLICATE, keyword('control', 'ARP, IPv6 neighbour discovery and DHCP')],
      noNeeds: 2,
      set: (scope) => choose(scope, { control: true }),
      unset: (scope) => forget(scope, 'control'),
      render: (scope) => linesOf(chosen(scope).control, () => 'duplicate control'),
      preset: ({ peer }) => (peer === null ? 'no duplicate control' : null),
    }),
    setting(mode, {
      tokens: [
        DUPLICATE,
        keyword('dscp', 'Packets with this code point; may be given several times'),
        value('dscp', range(0, 63), 'Differentiated services code point'),
      ],
      noNeeds: 2,
      set(scope, { dscp }) {
        const others = (chosen(scope).dscp ?? []).filter((code) => code !== dscp);
        choose(scope, { dscp: [...others, dscp].sort((a, b) => a - b) });
      },
      unset(scope, { dscp }) {
        const kept = dscp === undefined ? [] : (chosen(scope).dscp ?? []).filter((code) => code !== dscp);
        if (kept.length > 0) choose(scope, { dscp: kept });
        else forget(scope, 'dscp');
      },
      render: (scope) => (chosen(scope).dscp ?? []).map((code) => `duplicate dscp ${code}`),
    }),
  ];
}

/** `duplicate none` of a peer: it does without what its interface sends twice. */
export function duplicateNone(target: (scope: Scope) => { duplicate?: DuplicateConfig }): Setting {
  return setting('peer', {
    tokens: [DUPLICATE, keyword('none', 'Nothing, whatever the interface says')],
    noNeeds: 2,
    set(scope) {
      target(scope).duplicate = {};
    },
    unset(scope) {
      const { duplicate } = target(scope);
      if (duplicate !== undefined && Object.keys(duplicate).length === 0) delete target(scope).duplicate;
    },
    render(scope) {
      const { duplicate } = target(scope);
      return duplicate !== undefined && Object.keys(duplicate).length === 0 ? ['duplicate none'] : [];
    },
    preset: () => null,
  });
}

function linesOf<T>(present: T | undefined, write: (present: T) => string): string[] {
  return present === undefined ? [] : [write(present)];
}
