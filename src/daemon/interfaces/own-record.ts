/** The member record of this host: what it says of itself to servers that may introduce it, and in a registry. */
import { hostname } from 'node:os';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { ipKey, isLinkLocal, isLoopback, parseIp, unusableHost } from '../../grammar/address.js';
import { isRefusal, NAME } from '../../grammar/values.js';
import { compareEndpoints, type Endpoint } from '../../member/fields.js';
import { MAX_ENDPOINTS, type MemberRecord, memberSigningKeys, signRecord } from '../../member/record.js';
import { addressesByDevice } from '../base/device-addresses.js';
import type { LinkEntry } from './peer-entries.js';

/** For so long others may rely on what it says; it is signed anew long before that. */
const LIFETIME_S = 86_400;
const SIGNED_ANEW_MS = 6 * 3_600_000;

/** A link by which this host can be reached. */
type OwnLink = Pick<LinkEntry, 'config' | 'sockets'>;

interface Signed {
  bytes: Uint8Array;
  sequence: number;
  signedMs: number;
  endpoints: Endpoint[];
  /** What it says, to see whether that has changed. */
  says: string;
}

export class OwnRecord {
  private signed: Signed | null = null;

  /** `tap`: the interface whose addresses are of the network itself and lead nowhere beneath it. */
  constructor(
    private readonly tap: string,
    private readonly wallClockMs: () => number,
  ) {}

  /** What it last said of where this host is. */
  get endpoints(): readonly Endpoint[] {
    return this.signed?.endpoints ?? [];
  }

  /**
   * The record, signed anew if it says something else than before or has become old: else the same object. `known`: the
   * highest sequence that others have of this host. It lies in the future where the clock was ahead once, and no record
   * below it counts.
   */
  get(keys: KeyPair, links: Iterable<OwnLink>, name = ownName(), known = 0): Signed {
    const endpoints = endpointsOf(links, this.tap);
    const says = JSON.stringify([Buffer.from(keys.publicKey).toString('base64'), name, endpoints]);
    const now = this.wallClockMs();
    const { signed } = this;
    const isOld = signed === null || Math.abs(now - signed.signedMs) > SIGNED_ANEW_MS;
    if (signed !== null && !isOld && signed.says === says && signed.sequence >= known) return signed;
    const sequence = this.nextSequence(now, known);
    const bytes = sign(keys, { name, sequence, signedMs: now, endpoints, isGone: false });
    this.signed = { bytes, sequence, signedMs: now, says, endpoints };
    return this.signed;
  }

  /** A record that says that this host has left. */
  farewell(keys: KeyPair, name = ownName(), known = 0): Uint8Array {
    const now = this.wallClockMs();
    const sequence = this.nextSequence(now, known);
    return sign(keys, { name, sequence, signedMs: now, endpoints: [], isGone: true });
  }

  private nextSequence(now: number, known: number): number {
    return Math.max(now, known + 1, (this.signed?.sequence ?? 0) + 1);
  }
}

function sign(
  keys: KeyPair,
  says: Pick<MemberRecord, 'name' | 'sequence' | 'signedMs' | 'endpoints' | 'isGone'>,
): Uint8Array {
  const signing = memberSigningKeys(sodiumPrimitives, keys.secretKey);
  const record = {
    ...says,
    publicKey: keys.publicKey,
    lifetimeS: LIFETIME_S,
    vlans: [],
    groups: [],
  };
  const bytes = signRecord(sodiumPrimitives, record, signing);
  sodiumPrimitives.wipe(signing.secretKey);
  return bytes;
}

/** The host's name, as far as it can be a member's. */
function ownName(): string {
  const name = hostname().slice(0, 63);
  return isRefusal(NAME.parse(name)) ? 'member' : name;
}

/** The addresses by which links leave, with the ports of their sockets. */
function endpointsOf(links: Iterable<OwnLink>, tap: string): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const link of links) {
    for (const endpoint of ofLink(link, tap)) {
      const { link: id, address, port } = endpoint;
      found.set(`${id}/${ipKey(address)}/${port}`, endpoint);
    }
  }
  return [...found.values()].sort(compareEndpoints).slice(0, MAX_ENDPOINTS);
}

function ofLink({ config, sockets }: OwnLink, tap: string): Endpoint[] {
  if (config.remote?.kind === 'via' || config.shutdown) return [];
  return sockets.flatMap((socket) => {
    if (socket === null) return [];
    const { family, port } = socket;
    const texts = socket.address === null ? addressesOf(socket.device, tap) : [socket.address];
    return texts.flatMap((text): Endpoint[] => {
      const address = parseIp(text.split('%')[0]);
      if (address === null || address.family !== family || !isReachable(address)) return [];
      return [{ link: config.id, address, port }];
    });
  });
}

/** Addresses of an interface, or without a name of all but the TAP. */
function addressesOf(device: string | null, tap: string): string[] {
  return [...addressesByDevice()]
    .filter(([name]) => (device === null ? name !== tap : name === device))
    .flatMap(([, addresses]) => addresses.map(({ address }) => address));
}

function isReachable(address: Endpoint['address']): boolean {
  return unusableHost(address) === null && !isLoopback(address) && !isLinkLocal(address);
}
