/** Commands of `(config-if)` about the switch. */

import { RESERVED_KINDS, type ReservedKind, type StaticMac } from '../api/config.js';
import { choice, flag, keyword, oneOf, options, value } from '../grammar/command.js';
import { MAC, NAME, range, VLAN } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { DEFAULTS, MAX_STATIC_MACS } from './defaults.js';
import { fieldsOf, interfaceOf, type Setting, setting } from './language.js';
import { vlanCommand } from './vlan-command.js';

const interfaceField = fieldsOf('interface', interfaceOf);

const RESERVED: Record<ReservedKind, string> = {
  bpdu: 'Of spanning trees (STP, RSTP, MSTP): the sites become one spanning tree',
  lldp: 'Of the Link Layer Discovery Protocol',
  lacp: 'Of link aggregation and other slow protocols',
  ptp: 'Of the Precision Time Protocol',
  all: 'All of these and those of other protocols, PAUSE excepted',
};

const MAC_TABLE = keyword('mac-table', 'Table of learned MAC addresses');

/** A static address as a line of the configuration. */
export function staticMacLine({ mac, vlan, peer }: StaticMac): string {
  const tag = vlan === undefined ? '' : ` vlan ${vlan}`;
  return `mac-table static ${mac}${tag} ${peer === undefined ? 'local' : `peer ${renderWord(peer)}`}`;
}

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
      MAC_TABLE,
      keyword('static', 'A station that stays where it is said to be; may be given several times'),
      value('mac', MAC, 'MAC address'),
      options([
        keyword('vlan', 'Of frames with this tag'),
        value('vlan', VLAN, 'VLAN', { default: 'untagged' }),
      ]),
      choice(
        [keyword('peer', 'Behind a peer'), value('peer', NAME, 'Name of the peer', { complete: 'peer' })],
        [flag('local', 'Behind the TAP')],
      ),
    ],
    noNeeds: 2,
    set(scope, { mac, vlan, peer }) {
      const found = interfaceOf(scope);
      const others = (found.staticMacs ?? []).filter((one) => one.mac !== mac || one.vlan !== vlan);
      // One more than there may be is for the validation to refuse; the rest would only cost time.
      if (others.length > MAX_STATIC_MACS) return;
      const added = { mac, ...(vlan !== undefined && { vlan }), ...(peer !== undefined && { peer }) };
      found.staticMacs = [...others, added];
    },
    unset(scope, { mac, vlan, peer, local }) {
      const found = interfaceOf(scope);
      const isWhole = peer !== undefined || local !== undefined;
      const isMeant = (one: StaticMac): boolean =>
        (mac === undefined || one.mac === mac) &&
        (isWhole ? one.vlan === vlan && one.peer === peer : vlan === undefined || one.vlan === vlan);
      const kept = (found.staticMacs ?? []).filter((one) => !isMeant(one));
      if (kept.length > 0) found.staticMacs = kept;
      else delete found.staticMacs;
    },
    render: (scope) => (interfaceOf(scope).staticMacs ?? []).map(staticMacLine),
  }),
  vlanCommand('interface', interfaceOf, 'the TAP'),
  setting('interface', {
    tokens: [
      keyword(
        'arp-suppression',
        'Answer ARP requests and neighbour solicitations for stations that are known, in place of flooding (default off)',
      ),
    ],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).arpSuppression = true;
    },
    unset(scope) {
      delete interfaceOf(scope).arpSuppression;
    },
    render: (scope) => (interfaceOf(scope).arpSuppression ? ['arp-suppression'] : []),
  }),
  setting('interface', {
    tokens: [
      keyword('bandwidth-test', 'Take part in bandwidth tests that peers ask for (default: receive only)'),
      options([
        keyword('send', 'Send for them too, no faster than this for all together'),
        value('mbps', range(1, 1000, 'Mbit/s'), 'Rate', { called: 'rate' }),
      ]),
    ],
    noNeeds: 1,
    preset: () => 'bandwidth-test',
    set(scope, { mbps }) {
      if (mbps === undefined) delete interfaceOf(scope).bandwidthTest;
      else interfaceOf(scope).bandwidthTest = { sendMbps: mbps };
    },
    unset(scope) {
      interfaceOf(scope).bandwidthTest = false;
    },
    reset(scope) {
      delete interfaceOf(scope).bandwidthTest;
    },
    render(scope) {
      const { bandwidthTest } = interfaceOf(scope);
      if (bandwidthTest === undefined) return [];
      return [
        bandwidthTest === false ? 'no bandwidth-test' : `bandwidth-test send ${bandwidthTest.sendMbps}`,
      ];
    },
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
    reset(scope) {
      delete interfaceOf(scope).loopGuard;
    },
    preset: () => null,
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
    reset(scope) {
      delete interfaceOf(scope).forwardReserved;
    },
    preset: () => null,
    render(scope) {
      const { forwardReserved } = interfaceOf(scope);
      if (forwardReserved?.length === 0) return ['no forward reserved'];
      return (forwardReserved ?? []).map((kind) => `forward reserved ${kind}`);
    },
  }),
];
