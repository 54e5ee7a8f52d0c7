/** TCP MSS clamping: makes both ends of an inner connection choose segments that fit one datagram of the path. */
import { readU16, writeU16 } from '../../base/bytes.js';
import { type HeaderInfo, PROTOCOL_TCP, TCP_HEADER } from '../../switch/headers.js';
import { updateChecksum } from './checksum.js';

const FLAGS = 13;
const CHECKSUM = 16;
const SYN = 0x02;
const OPTION_END = 0;
const OPTION_NO_OPERATION = 1;
const OPTION_MSS = 2;
const OPTION_MSS_LENGTH = 4;

/**
 * Lowers the MSS option of a TCP SYN or SYN-ACK to `maxMss` and keeps the checksum right; a partial checksum does
 * not cover the header yet and stays. `info` is what `parseHeaders` said about the frame. Returns whether the
 * frame was changed. A SYN without the option is left alone: its peer assumes 536 bytes (RFC 9293 section 3.7.1).
 */
export function clampMss(
  bytes: Uint8Array,
  frameOffset: number,
  info: HeaderInfo,
  maxMss: number,
  partialChecksum: boolean,
): boolean {
  const tcp = frameOffset + info.l4;
  if (info.protocol !== PROTOCOL_TCP || (bytes[tcp + FLAGS] & SYN) === 0) return false;
  const end = frameOffset + info.headerLength;
  let at = tcp + TCP_HEADER;
  while (at < end && bytes[at] !== OPTION_END) {
    if (bytes[at] === OPTION_NO_OPERATION) {
      at++;
      continue;
    }
    const optionLength = at + 1 < end ? bytes[at + 1] : 0;
    if (optionLength < 2 || at + optionLength > end) return false;
    if (bytes[at] === OPTION_MSS && optionLength === OPTION_MSS_LENGTH) {
      const mss = readU16(bytes, at + 2);
      if (mss <= maxMss) return false;
      writeU16(bytes, at + 2, maxMss);
      if (!partialChecksum) {
        // An option at an odd offset lies across two words of the sum, with its bytes in the other order.
        const odd = ((at - tcp) & 1) !== 0;
        updateChecksum(bytes, tcp + CHECKSUM, odd ? swapped(mss) : mss, odd ? swapped(maxMss) : maxMss);
      }
      return true;
    }
    at += optionLength;
  }
  return false;
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}
