/** Reports what happens on an interface: to the log, and as events. */
import { STORM_KINDS } from '../../api/config.js';
import { causeWord, INTERFACE_CAUSE } from '../base/causes.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import { loopState } from '../interfaces/loops.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Reports everything that `runtime` announces from now on. */
export function reportFrom(runtime: InterfaceRuntime, events: EventLog, log: Log): void {
  const { name } = runtime;
  runtime.on('link', (peer, link, facts) => {
    const { state } = link;
    const cause = link.cause === null ? '' : causeWord(link.cause);
    const detail = link.detail ?? state;
    // Field by field: clients that come make some of these each, and to gather them from two objects takes five times as long.
    const event = {
      kind: 'link',
      interface: name,
      peer: peer.config.name,
      link: link.config.id,
      state,
      cause,
      detail,
      heardUsAgo: facts.heardUsAgo,
      beatsMissed: facts.beatsMissed,
      beatsHeard: facts.beatsHeard,
      ownStallUs: facts.ownStallUs,
      holdUs: facts.holdUs,
      peerHearsUs: facts.peerHearsUs,
      rttUs: facts.rttUs,
      jitterUs: facts.jitterUs,
      lossOutPermille: facts.lossOutPermille,
      lossInPermille: facts.lossInPermille,
      dampedUs: facts.dampedUs,
    } as const;
    events.publish(event);
    log[levelOf(peer)](event, `link ${detail}`);
  });
  runtime.on('mtu', (peer, link, mtuBytes, before) => {
    const place = { interface: name, peer: peer.config.name, link: link.config.id };
    log[levelOf(peer)](place, `path MTU ${mtuBytes}`);
    events.publish({ kind: 'mtu', ...place, mtuBytes, beforeBytes: before || null });
  });
  runtime.on('gsoRefused', (peer, link) => {
    const place = { interface: name, peer: peer.config.name, link: link.config.id };
    log.info(place, 'the device of the link refuses UDP GSO');
    events.publish({ kind: 'gso-refused', ...place });
  });
  runtime.on('runsLost', (peer, link, { isOff, runLossPermille, singleLossPermille, againS }) => {
    const place = { interface: name, peer: peer.config.name, link: link.config.id };
    const losses = { gsoLossPermille: runLossPermille, singleLossPermille };
    const message = isOff ? 'the path of the link loses what UDP GSO sends' : 'UDP GSO is used again';
    log[isOff ? 'warn' : 'info']({ ...place, ...losses }, message);
    events.publish({ kind: 'gso-lossy', ...place, isOff, ...losses, againSeconds: againS });
  });
  runtime.on('resolved', (peer, link, name, { addresses }, before) => {
    const place = { interface: runtime.name, peer: peer.config.name, link: link.config.id };
    log.info({ ...place, name, addresses }, 'the remote name of the link leads elsewhere');
    events.publish({ kind: 'resolved', ...place, name, addresses, before });
  });
  runtime.on('peer', (peer, cause) => {
    const place = { interface: name, peer: peer.config.name };
    const state = peer.up ? 'up' : 'down';
    log.info(place, `peer ${state}`);
    events.publish({ kind: 'peer', ...place, state, cause });
  });
  runtime.on('session', (peer, what) => {
    events.publish({ kind: 'session', interface: name, peer: peer.config.name, what });
  });
  runtime.on('uplink', (group, peer, before, cause) => {
    log.info({ interface: name, group, peer, before, cause }, 'uplink moved');
    events.publish({ kind: 'uplink', interface: name, group, peer, before, cause });
  });
  runtime.on('loop', (peer, changed, number) => {
    const state = loopState(number) ?? 'healed';
    const vlans = [...changed].sort((a, b) => a - b);
    log.warn({ interface: name, peer: peer.config.name, vlans, state }, 'loop of the LAN by a peer');
    events.publish({ kind: 'loop', interface: name, peer: peer.config.name, vlans, state });
  });
  runtime.on('switch', (notice) => {
    const nameOf = (row: number) => runtime.peers.atRow(row)?.config.name ?? null;
    if (notice.what === 'storm') {
      const facts = { traffic: STORM_KINDS[notice.traffic], isOver: notice.isOver };
      const peer = nameOf(notice.peer);
      if (peer === null) return;
      log.warn({ interface: name, peer, ...facts }, 'storm of frames from a peer');
      return events.publish({ kind: 'storm', interface: name, peer, ...facts });
    }
    if (notice.what === 'address-duplicate') {
      const stations = [notice.one, notice.other].map(({ high, low, port }) => ({
        mac: formatMac(high, low),
        peer: nameOf(port),
      }));
      const facts = { address: addressText(notice.words), vlan: notice.vlan, stations };
      log.warn({ interface: name, ...facts }, 'two stations have one address');
      return events.publish({ kind: 'address-duplicate', interface: name, ...facts });
    }
    const { vlan, high, low, port, other, count } = notice;
    const facts = { mac: formatMac(high, low), vlan, peer: nameOf(port), other: nameOf(other), count };
    log.warn({ interface: name, ...facts }, 'a station moves too often');
    events.publish({ kind: 'mac-frozen', interface: name, ...facts });
  });
  runtime.on('warning', (peer, what, detail) => {
    log.warn({ interface: name, peer: peer?.config.name, what }, detail);
    events.publish({ kind: 'warning', interface: name, peer: peer?.config.name ?? null, what, detail });
  });
  runtime.on('bridge', (missing) => {
    if (missing === null) return log.info({ interface: name }, 'in its bridge');
    log.warn({ interface: name }, missing);
    events.publish({ kind: 'warning', interface: name, peer: null, what: 'bridge-missing', detail: missing });
  });
  runtime.on('tap', (missing) => {
    if (missing.length === 0) return log.info({ interface: name }, 'its TAP is as configured');
    const detail = missing.join('; ');
    log.warn({ interface: name }, detail);
    events.publish({ kind: 'warning', interface: name, peer: null, what: 'tap-changed', detail });
  });
  runtime.on('authorizedKeys', ({ table, added, removed, wrong, problems }, file) => {
    const counts = { clients: table.size, added, removed, wrong };
    log.info({ interface: name, file, ...counts }, 'authorized keys read');
    events.publish({ kind: 'authorized-keys', interface: name, ...counts });
    for (const { line, message } of problems) {
      const detail = `${file}:${line}: ${message}; the line admits nobody`;
      log.warn({ interface: name }, detail);
      events.publish({
        kind: 'warning',
        interface: name,
        peer: null,
        what: 'authorized-key-refused',
        detail,
      });
    }
  });
  runtime.on('member', (member, what) => {
    log.info({ interface: name, member }, `member ${what}`);
    events.publish({ kind: 'member', interface: name, member, what });
  });
  runtime.on('trouble', (message) => log.warn({ interface: runtime.name }, message));
  runtime.on('fault', (message) => {
    log.error({ interface: name, fault: message }, 'the datapath worker died');
    events.publish({ kind: 'interface', interface: name, state: 'down', cause: INTERFACE_CAUSE.died });
  });
}

/** How loud the log is about the links of a peer: of clients by the thousand it is enough that each comes and goes. */
function levelOf({ client }: PeerEntry): 'info' | 'debug' {
  return client === null ? 'info' : 'debug';
}
