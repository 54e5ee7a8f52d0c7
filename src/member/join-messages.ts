/**
 * What a join request and its reply say: JSON, with its length before it and zeros behind it, so that the length of a
 * datagram tells nothing. Members that a reader does not know are ignored; those it knows must be right. Pure.
 */

import type { VlanConfig } from '../api/config.js';
import { readU16, writeU16 } from '../base/bytes.js';
import { parseVlanWords, vlanWords } from '../config/vlan-command.js';
import { JOIN_REPLY_PAYLOAD_BYTES, JOIN_REQUEST_PAYLOAD_BYTES } from '../crypto/handshake-messages.js';
import { parseCidr, unusableHost, unusableHostPart } from '../grammar/address.js';
import { isRefusal, KEY, NAME, type ValueType } from '../grammar/values.js';
import { UNPRINTABLE } from '../grammar/words.js';

const LENGTH_BYTES = 2;
const MAX_ADDRESSES = 2;
const MAX_REFUSAL = 255;
const MAX_LINK = 7;

export interface JoinRequest {
  /** Public key of the host that joins, base64. */
  publicKey: string;
  /** Of a member that shows it under its own key, without an invitation; its text. */
  certificate?: string;
}

/** The terms under which a host joins. */
export interface JoinGrant {
  /** What the inviter's host is called. */
  peer: string;
  /** What the inviter calls the host that joins. */
  name: string;
  /** Addresses inside the network that it gets, CIDR notation; none: it has or finds its own. */
  addresses: string[];
  /** MTU of the inviter's interface in bytes. */
  mtu: number;
  /** Ids of the links that the inviter has for it, ascending, 0–7. */
  links: number[];
  /** What the inviter's port for it carries; absent: what its own settings say. */
  vlan?: VlanConfig;
}

/** Either terms, or why there are none: a sentence for the one who asked. */
export type JoinReply = { grant: JoinGrant } | { refused: string };

export function encodeJoinRequest({ publicKey, certificate }: JoinRequest): Uint8Array {
  return padded({ publicKey, ...(certificate && { certificate }) }, JOIN_REQUEST_PAYLOAD_BYTES);
}

/** Null when it says nothing that can be understood. */
export function decodeJoinRequest(payload: Uint8Array): JoinRequest | null {
  const { publicKey, certificate } = record(parsed(payload)) ?? {};
  if (!isA(KEY, publicKey)) return null;
  if (certificate === undefined) return { publicKey };
  return typeof certificate === 'string' ? { publicKey, certificate } : null;
}

export function encodeJoinReply(reply: JoinReply): Uint8Array {
  if ('refused' in reply) return padded(reply, JOIN_REPLY_PAYLOAD_BYTES);
  const { vlan, ...rest } = reply.grant;
  const grant = vlan === undefined ? rest : { ...rest, vlan: vlanWords(vlan) };
  return padded({ grant }, JOIN_REPLY_PAYLOAD_BYTES);
}

/** Null when it says nothing that can be understood. */
export function decodeJoinReply(payload: Uint8Array): JoinReply | null {
  const reply = record(parsed(payload));
  const refused = reply?.['refused'];
  if (typeof refused === 'string') {
    return refused.length <= MAX_REFUSAL && !UNPRINTABLE.test(refused) ? { refused } : null;
  }
  const grant = grantOf(record(reply?.['grant']));
  return grant === null ? null : { grant };
}

function grantOf(given: Record<string, unknown> | null): JoinGrant | null {
  if (given === null) return null;
  const { peer, name, addresses, mtu, links, vlan: words } = given;
  if (!isA(NAME, peer) || !isA(NAME, name)) return null;
  if (!Array.isArray(addresses) || addresses.length > MAX_ADDRESSES || !addresses.every(isHostAddress))
    return null;
  if (!isWhole(mtu, 68, 65_535) || !Array.isArray(links) || links.length === 0) return null;
  const isAscending = links.every((id, index) =>
    isWhole(id, index === 0 ? 0 : links[index - 1] + 1, MAX_LINK),
  );
  if (!isAscending) return null;
  if (words === undefined) return { peer, name, addresses, mtu, links };
  const vlan = typeof words === 'string' ? parseVlanWords(words) : null;
  return vlan === null ? null : { peer, name, addresses, mtu, links, vlan };
}

function isA(type: ValueType<string>, value: unknown): value is string {
  return typeof value === 'string' && !isRefusal(type.parse(value));
}

function isHostAddress(text: unknown): text is string {
  const cidr = typeof text === 'string' ? parseCidr(text) : null;
  return cidr !== null && unusableHost(cidr.address) === null && unusableHostPart(cidr) === null;
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

function padded(value: unknown, length: number): Uint8Array {
  const text = Buffer.from(JSON.stringify(value), 'utf8');
  if (text.length > length - LENGTH_BYTES) throw new RangeError('more than a join message holds');
  const payload = new Uint8Array(length);
  writeU16(payload, 0, text.length);
  payload.set(text, LENGTH_BYTES);
  return payload;
}

/** Undefined for what is no JSON. */
function parsed(payload: Uint8Array): unknown {
  const length = readU16(payload, 0);
  if (length > payload.length - LENGTH_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.from(payload.subarray(LENGTH_BYTES, LENGTH_BYTES + length)).toString('utf8'));
  } catch {
    return undefined;
  }
}
