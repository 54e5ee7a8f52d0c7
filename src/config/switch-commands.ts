/** Commands of `(config-if)` about the switch. */

import { RESERVED_KINDS, type ReservedKind } from '../api/config.js';
import { keyword, oneOf, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { fieldsOf, interfaceOf, type Setting, setting } from './language.js';

const interfaceField = fieldsOf('interface', interfaceOf);

const RESERVED: Record<ReservedKind, string> = {
  bpdu: 'Of spanning trees (STP, RSTP, MSTP): the sites become one spanning tree',
  lldp: 'Of the Link Layer Discovery Protocol',
  lacp: 'Of link aggregation and other slow protocols',
  ptp: 'Of the Precision Time Protocol',
  all: 'All of these and those of other protocols, PAUSE excepted',
};

const MAC_TABLE = keyword('mac-table', 'Table of learned MAC addresses');

export const switchCommands: Setting[] = [
  interfaceField('macAgeing', {
    tokens: [
      MAC_TABLE,
      keyword('ageing', 'How long a silent address is kept'),
      value('ageing', range(10, 86400, 's'), 'Time without a frame', { default: DEFAULTS.macAgeing }),
    ],
    read: ({ ageing }) => ageing,
    write: (seconds) => `mac-table ageing ${seconds}`,
  }),
  interfaceField('macLimit', {
    tokens: [
      MAC_TABLE,
      keyword('limit', 'Largest number of addresses'),
      value('limit', range(16, 1048576, 'entries'), 'Size of the table', { default: DEFAULTS.macLimit }),
    ],
    read: ({ limit }) => limit,
    write: (entries) => `mac-table limit ${entries}`,
  }),
  setting('interface', {
    tokens: [
      keyword('loop-guard', 'Look for loops and hold a peer that closes one (default: while in a bridge)'),
    ],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).loopGuard = true;
    },
    unset(scope) {
      interfaceOf(scope).loopGuard = false;
    },
    render(scope) {
      const { loopGuard } = interfaceOf(scope);
      return loopGuard === undefined ? [] : [loopGuard ? 'loop-guard' : 'no loop-guard'];
    },
  }),
  setting('interface', {
    tokens: [
      keyword('forward', 'Frames that are not forwarded unasked'),
      keyword('reserved', 'To groups that bridges keep to themselves; may be given several times'),
      oneOf('kind', RESERVED),
    ],
    noNeeds: 2,
    default: 'none; in a bridge that runs the spanning tree: bpdu',
    set(scope, { kind }) {
      const found = interfaceOf(scope);
      found.forwardReserved = RESERVED_KINDS.filter(
        (each) => each === kind || found.forwardReserved?.includes(each),
      );
    },
    unset(scope, { kind }) {
      const found = interfaceOf(scope);
      const kept = (found.forwardReserved ?? []).filter((each) => kind !== undefined && each !== kind);
      found.forwardReserved = kept;
    },
    render(scope) {
      const { forwardReserved } = interfaceOf(scope);
      if (forwardReserved?.length === 0) return ['no forward reserved'];
      return (forwardReserved ?? []).map((kind) => `forward reserved ${kind}`);
    },
  }),
];
