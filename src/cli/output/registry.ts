/** The registry as text. */
import type { MemberRevoked, RegistryMember, RegistryStatus } from '../../api/index.js';
import { duration, orDash, plural } from './format.js';
import { type Column, table } from './table.js';

const COLUMNS: Column<RegistryMember>[] = [
  { title: 'Member', cell: ({ name }) => name, shrinkTo: 12 },
  { title: 'Standing', cell: standingText },
  { title: 'Signing key', cell: ({ isSigningKeyProven }) => (isSigningKeyProven ? 'proven' : 'claimed') },
  { title: 'Record age', cell: ({ ageSeconds }) => duration(ageSeconds), align: 'right' },
  {
    title: 'Endpoints',
    cell: ({ endpoints }) => endpoints.map(({ endpoint }) => endpoint).join(' ') || '-',
    shrinkTo: 12,
    folds: true,
  },
];

function standingText({ standing, up }: RegistryMember): string {
  if (up !== null) return up ? 'up' : 'down';
  return standing.replace('-', ' ');
}

export function registryText(all: readonly RegistryStatus[]): string[] {
  if (all.length === 0) return ['No interface has a registry.'];
  return all.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...oneText(one)]);
}

function oneText(one: RegistryStatus): string[] {
  const refused = Object.entries(one.refused).map(([why, count]) => `${count} ${why.replaceAll('-', ' ')}`);
  const heard = one.heardSecondsAgo === null ? 'never' : `${duration(one.heardSecondsAgo)} ago`;
  const lines = [
    `${one.interface}: ${one.state}, ${plural(one.members.length, 'member')} under ${one.prefix}`,
    `  Server       ${orDash(one.server)}, heard ${heard}; ${one.servers.length} configured`,
    `  List         ${duration(one.listAgeSeconds)} old, taken ${plural(one.resyncs, 'time')}, kept up to date since: ${one.state === 'following' ? 'yes' : 'no'}`,
    `  Own record   ${one.lease === null ? 'not registered' : `registered, lease ${one.lease}`}`,
    `  Trust        ${one.trust}`,
    `  Signing key  ${one.signingKey}`,
    ...(refused.length > 0 ? [`  Not taken    ${refused.join(', ')}`] : []),
    ...(one.error === null ? [] : [`  Error        ${duration(one.errorSecondsAgo)} ago: ${one.error}`]),
    ...one.revoked.map(({ name, publicKey }) => `  Revoked      ${name} (${publicKey})`),
  ];
  return [...lines, '', ...table(COLUMNS, one.members, 'No members yet.')];
}

export function memberRevokedText({ name, publicKey, published }: MemberRevoked): string[] {
  const told = published
    ? 'Members that name this host as a revoker turn it out now.'
    : 'The registry cannot be reached; it is told as soon as it can be.';
  return [`Revoked ${name} (${publicKey}). ${told}`];
}
