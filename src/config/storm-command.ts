/** The line `storm-control` of a peer: how much may come from it of what is flooded. */
import { STORM_KINDS, type StormKind } from '../api/config.js';
import { keyword, oneOf, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { peerOf, type Setting, setting } from './language.js';

const KINDS: Record<StormKind, string> = {
  broadcast: 'Frames for everybody',
  multicast: 'Frames for groups; reserved groups are not limited',
  'unknown-unicast': 'Frames for stations whose port is unknown',
};

const UNITS = { pps: 'Frames a second', kbps: 'Kilobits a second, of frames without FCS' };

export const stormCommand: Setting = setting('peer', {
  tokens: [
    keyword('storm-control', 'Drop what comes from this peer to be flooded beyond a rate'),
    oneOf('kind', KINDS),
    keyword('rate', 'How much passes'),
    value('rate', range(1, 10_000_000), 'Rate'),
    oneOf('unit', UNITS),
  ],
  noNeeds: 1,
  set(scope, { kind, rate, unit }) {
    peerOf(scope).stormControl = { ...peerOf(scope).stormControl, [kind]: { rate, unit } };
  },
  unset(scope, { kind }) {
    const { stormControl = {} } = peerOf(scope);
    const kept = STORM_KINDS.filter((each) => kind !== undefined && each !== kind && each in stormControl);
    if (kept.length === 0) delete peerOf(scope).stormControl;
    else peerOf(scope).stormControl = Object.fromEntries(kept.map((each) => [each, stormControl[each]]));
  },
  render(scope) {
    const { stormControl = {} } = peerOf(scope);
    return STORM_KINDS.flatMap((kind) => {
      const limit = stormControl[kind];
      return limit === undefined ? [] : [`storm-control ${kind} rate ${limit.rate} ${limit.unit}`];
    });
  },
});
