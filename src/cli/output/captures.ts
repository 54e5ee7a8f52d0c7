/** Captured packets as lines. */
import type { CapturedPacket } from '../../api/index.js';
import { plural } from './format.js';
import { commentsOf } from './pcapng.js';

/** `13:40:11.123456 octo0 peer-out, peer osaka link 0: 02:… > 02:…, …, 98 bytes`. */
export function packetText(packet: CapturedPacket, device: string): string {
  const { timeUs, point, text, length } = packet;
  const where = [`${device} ${point}`, ...commentsOf(packet)].join(', ');
  return `${clockText(timeUs)} ${where}: ${text}, ${plural(length, 'byte')}`;
}

/** `13:40:11.123456 octo0 reserved-group, from peer osaka link 0: 02:… > 01:80:c2:00:00:00, …, 60 bytes`. */
export function dropText(packet: CapturedPacket, device: string, unshown: number): string {
  const { timeUs, peer, link, direction, reason, text, length } = packet;
  const whose = peer === null ? '' : ` ${direction === 'out' ? 'to' : 'from'} peer ${peer}`;
  const by = link === null ? '' : ` link ${link}`;
  const more = unshown === 0 ? '' : ` (and ${unshown} more before)`;
  return `${clockText(timeUs)} ${device} ${reason}${whose}${by}: ${text}, ${plural(length, 'byte')}${more}`;
}

function clockText(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${clock.join(':')}.${String(Math.floor(timeUs % 1e6)).padStart(6, '0')}`;
}

/** Lines of one reason in a second; the rest is counted. */
const LINES_PER_SECOND = 10;

/** Keeps a flood of drops from flooding the terminal: so many of each reason are shown in a second. */
export class DropPace {
  private readonly reasons = new Map<string, { second: number; shown: number; unshown: number }>();

  /** Whether a drop is shown, and how many of its reason were not since the last one; null: it is not. */
  admit({ reason, timeUs }: CapturedPacket): number | null {
    const second = Math.floor(timeUs / 1e6);
    const known = this.reasons.get(reason ?? '') ?? { second, shown: 0, unshown: 0 };
    this.reasons.set(reason ?? '', known);
    if (known.second !== second) Object.assign(known, { second, shown: 0 });
    if (known.shown >= LINES_PER_SECOND) {
      known.unshown++;
      return null;
    }
    known.shown++;
    const { unshown } = known;
    known.unshown = 0;
    return unshown;
  }
}
