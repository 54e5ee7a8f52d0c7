/** What an interface knows by its registry, for `show registry`. */
import type { RegistryMember, RegistryStatus } from '../../api/registry.js';
import type { Member } from '../../member/member.js';
import { formatAddress, formatEndpoint } from '../interfaces/addresses.js';
import type { Registry } from '../interfaces/registry.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

export function registryStatus({ name, members: { registry } }: InterfaceRuntime): RegistryStatus {
  const now = Date.now();
  const status = registry.follower?.status;
  const { servers = [], trust = 'authorized-keys' } = registry.config ?? {};
  const since = (ms: number | null | undefined) => (ms == null ? null : Math.max(0, (now - ms) / 1000));
  return {
    interface: name,
    prefix: registry.prefix,
    servers,
    state: status?.state ?? 'idle',
    server: status?.server ?? null,
    trust,
    lease: status?.lease ?? null,
    listAgeSeconds: since(status?.listedMs),
    heardSecondsAgo: since(status?.heardMs),
    resyncs: status?.resyncs ?? 0,
    failures: status?.failures ?? 0,
    error: status?.error ?? null,
    errorSecondsAgo: status?.error == null ? null : since(status.errorMs),
    signingKey: registry.ownSigningKey,
    refused: Object.fromEntries(registry.refused),
    members: [...registry.list.all()].map((member) => memberOf(registry, member, now)),
    revoked: registry.list.revoked().map((one) => ({ name: one.name, publicKey: one.key })),
  };
}

function memberOf(registry: Registry, member: Member, now: number): RegistryMember {
  const { key, record, isProven } = member;
  return {
    name: registry.nameOf(member),
    publicKey: key,
    signingKey: Buffer.from(record.signingKey).toString('base64'),
    isSigningKeyProven: isProven,
    standing: registry.standing(member),
    up: registry.peerOf(member)?.up ?? null,
    ageSeconds: Math.max(0, (now - record.signedMs) / 1000),
    endpoints: record.endpoints.map(({ link, address, port }) => ({
      link,
      endpoint: formatEndpoint(formatAddress(Uint8Array.from(address.bytes)), port),
    })),
  };
}
