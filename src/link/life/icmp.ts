/** What rows of `SOCKET_ERROR` say: answers to datagrams of a socket by ICMP (RFC 792, RFC 1191) and ICMPv6 (RFC 4443). */
import type { TraceAnswer } from '../../contract/events.js';
import { SOCKET_ERROR } from '../../native/ops.js';

/** `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6`. */
const ORIGIN = { ICMP: 2, ICMP6: 3 } as const;
const ICMP = { UNREACHABLE: 3, TIME_EXCEEDED: 11 } as const;
const ICMP6 = { UNREACHABLE: 1, TOO_BIG: 2, TIME_EXCEEDED: 3 } as const;
/** Codes of UNREACHABLE. */
const FRAGMENTATION_NEEDED = 4;
const PORT_CLOSED = { ICMP: 3, ICMP6: 4 } as const;

/** What became of a datagram, by the row at `at`; null: nothing of its way. */
export function fateOf(rows: Int32Array, at: number): TraceAnswer['what'] | null {
  const type = rows[at + SOCKET_ERROR.TYPE];
  const code = rows[at + SOCKET_ERROR.CODE];
  switch (rows[at + SOCKET_ERROR.ORIGIN]) {
    case ORIGIN.ICMP:
      if (type === ICMP.TIME_EXCEEDED) return 'expired';
      if (type !== ICMP.UNREACHABLE) return null;
      return code === FRAGMENTATION_NEEDED ? 'too-big' : 'unreachable';
    case ORIGIN.ICMP6:
      if (type === ICMP6.TIME_EXCEEDED) return 'expired';
      if (type === ICMP6.TOO_BIG) return 'too-big';
      return type === ICMP6.UNREACHABLE ? 'unreachable' : null;
    default:
      return null;
  }
}

/** Whether nobody listens at the port that a datagram was for, by the row at `at`. */
export function isPortClosed(rows: Int32Array, at: number): boolean {
  if (fateOf(rows, at) !== 'unreachable') return false;
  const isV4 = rows[at + SOCKET_ERROR.ORIGIN] === ORIGIN.ICMP;
  return rows[at + SOCKET_ERROR.CODE] === (isV4 ? PORT_CLOSED.ICMP : PORT_CLOSED.ICMP6);
}
