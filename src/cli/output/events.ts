/** Events as lines: time, where, what, why. */
import type { ConfigEvent, ControlEvent } from '../../api/index.js';
import { duration, momentOf, percent, plural } from './format.js';
import { loopText } from './loops.js';
import { fold, TEXT_WIDTH } from './table.js';
import { UPLINK_CAUSES } from './uplinks.js';

/** `04:20:11.123 octo0 peer osaka link 0 down: carrier lost`, in the time of this host. */
export function eventText(event: ControlEvent): string {
  return `${timeText(event.timeMs)} ${whatText(event)}`;
}

/** Events of the past, with their dates; what does not fit a line is folded under itself. */
export function eventsText(events: readonly ControlEvent[]): string[] {
  if (events.length === 0) return ['No events.'];
  return events.flatMap((event) => {
    const time = `${momentText(event.timeMs)} `;
    return fold(whatText(event), TEXT_WIDTH - time.length).map(
      (line, index) => `${index === 0 ? time : ' '.repeat(time.length)}${line}`,
    );
  });
}

/** What an administrator did and knows of. */
const ORDINARY: ReadonlySet<ConfigEvent> = new Set<ConfigEvent>([
  'changed',
  'written',
  'erased',
  'confirmed',
  'taken by force',
]);

/** Is shown to everybody at a terminal, whether or not they asked for events. */
export function isUrgent(event: ControlEvent): boolean {
  if (event.kind === 'unconfirmed') return true;
  return event.kind === 'config' && !ORDINARY.has(event.what);
}

function whatText(event: ControlEvent): string {
  switch (event.kind) {
    case 'interface':
      return `${event.interface} ${event.state}${because(event.cause)}`;
    case 'peer':
      return `${event.interface} peer ${event.peer} ${event.state}${because(event.cause)}`;
    case 'link':
      return `${event.interface} peer ${event.peer} link ${event.link} ${event.detail}`;
    case 'mtu': {
      const before = event.beforeBytes === null ? '' : ` (was ${event.beforeBytes})`;
      return `${event.interface} peer ${event.peer} link ${event.link} path MTU ${event.mtuBytes}${before}`;
    }
    case 'gso-refused':
      return `${event.interface} peer ${event.peer} link ${event.link} UDP GSO refused by the device: each datagram is sent by itself`;
    case 'gso-lossy': {
      const place = `${event.interface} peer ${event.peer} link ${event.link} UDP GSO`;
      if (!event.isOff) return `${place} on again: what is sent that way arrives`;
      const lost = `${percent(event.gsoLossPermille)} % of what is sent that way is lost`;
      const again = `tried again in ${duration(event.againSeconds)}`;
      return `${place} off: ${lost}, ${percent(event.singleLossPermille)} % of single datagrams; ${again}`;
    }
    case 'resolved': {
      const before = event.before.length === 0 ? '' : ` (was ${event.before.join(', ')})`;
      const now = event.addresses.join(', ') || 'no address';
      return `${event.interface} peer ${event.peer} link ${event.link} ${event.name} is ${now}${before}`;
    }
    case 'uplink': {
      const from = event.before === null ? '' : ` from ${event.before}`;
      return `${event.interface} uplink group ${event.group} moved${from} to ${event.peer}: ${UPLINK_CAUSES[event.cause]}`;
    }
    case 'loop':
      return `${event.interface} peer ${event.peer} ${loopText(event.state, event.vlans)}`;
    case 'mac-frozen': {
      const others = event.count === 1 ? '' : `, and ${event.count - 1} more`;
      const place = `${portText(event.peer)}, not ${portText(event.other)}`;
      return `${event.interface} station ${event.mac} in VLAN ${event.vlan} moves too often, stays at ${place}${others}`;
    }
    case 'address-duplicate': {
      const stations = event.stations.map(({ mac, peer }) => `${mac} (${portText(peer)})`).join(' and ');
      const place = event.vlan === 0 ? '' : ` in VLAN ${event.vlan}`;
      return `${event.interface} address ${event.address}${place} is claimed by ${stations}`;
    }
    case 'storm': {
      const what = event.isOver ? 'storm is over' : 'storm: what is beyond its storm-control is dropped';
      return `${event.interface} peer ${event.peer} ${event.traffic} ${what}`;
    }
    case 'session':
      return `${event.interface} peer ${event.peer} session ${event.what}`;
    case 'warning': {
      const peer = event.peer === null ? '' : ` peer ${event.peer}`;
      return `${event.interface ?? 'octolinkd'}${peer} warning: ${event.detail}`;
    }
    case 'debug':
      return `${event.interface} peer ${event.peer} debug: ${event.detail}`;
    case 'capture': {
      const end = event.what === 'ended' ? `, ${plural(event.packets, 'packet')}` : '';
      return `${event.interface} capture of ${event.points.join(', ')} ${event.what} by ${event.by}${end}`;
    }
    case 'authorized-keys': {
      const { clients, added, removed, wrong } = event;
      const refused = wrong === 0 ? '' : `, ${plural(wrong, 'line')} wrong`;
      return `${event.interface} authorized keys read: ${plural(clients, 'client')}, ${added} new, ${removed} removed${refused}`;
    }
    case 'member':
      return `${event.interface} member ${event.member} ${event.what}`;
    case 'invitation': {
      const by = event.member === null ? '' : ` by ${event.member}`;
      return `${event.interface} invitation ${event.name} ${event.what}${by}`;
    }
    case 'expiry':
      return `${event.interface} ${event.what} ${event.name} ${event.state === 'expired' ? 'expired' : 'will expire'} ${momentOf(event.expiresMs)}`;
    case 'config':
      if (event.what === 'taken by force')
        return `configuration: a candidate was taken by force by ${event.by}`;
      return `configuration: ${event.what} by ${event.by}${changesText(event)}`;
    case 'unconfirmed':
      return `configuration: the commit by ${event.by} will roll back in ${duration(event.secondsLeft)} unless confirmed`;
    case 'lost':
      return `${plural(event.count, 'event')} lost: this client reads too slowly`;
  }
}

function changesText({
  changes = [],
  changedLines = 0,
}: {
  changes?: string[];
  changedLines?: number;
}): string {
  if (changes.length === 0) return '';
  const more = changedLines - changes.length;
  return `: ${changes.join('; ')}${more > 0 ? `; ${plural(more, 'line')} more` : ''}`;
}

function portText(peer: string | null): string {
  return peer === null ? 'the TAP' : `peer ${peer}`;
}

function because(cause: string): string {
  return cause === '' ? '' : `: ${cause}`;
}

/** `2026-11-23 04:20:11.123`, in the time of this host. */
export function momentText(timeMs: number): string {
  return `${dateText(timeMs)} ${timeText(timeMs)}`;
}

function dateText(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function timeText(timeMs: number): string {
  const date = new Date(timeMs);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
