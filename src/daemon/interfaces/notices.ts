/** What the handshaker notices, in words for the operator. */
import type { WarningName } from '../../api/index.js';
import type { NoticeAction } from '../../handshake/actions.js';
import { formatPath } from './addresses.js';

/** A warning about a peer of this name. */
export function warningOf(notice: NoticeAction, peer: string): { what: WarningName; detail: string } {
  if (notice.what === 'old-timestamp') {
    const from = formatPath(notice.path.words) ?? 'a relay';
    return {
      what: notice.what,
      detail:
        `an initiation from ${from} is refused: its time is ${age(notice.behindUs)} before that of the last one. ` +
        `Its clock went back, or somebody replays; "clear peer ${peer}" accepts its clock`,
    };
  }
  const [one, other] = notice.paths.map(({ words }) => formatPath(words) ?? 'a relay');
  return {
    what: notice.what,
    detail: `two hosts seem to use the key of this peer in turn: ${one} and ${other}`,
  };
}

/** Why it matters that the times of handshakes cannot be kept on disk. */
export function timeNotKept({ message }: Error): string {
  return `the time of handshakes cannot be kept in the state folder (${message}): after a restart with a clock that went back, peers will refuse us`;
}

function age(us: number): string {
  const seconds = Math.round(us / 1e6);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
