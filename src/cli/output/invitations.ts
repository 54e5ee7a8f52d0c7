/** Invitations as text. */
import type {
  InvitationStatus,
  InviteResult,
  JoinOffer,
  LinkStatus,
  RevokeResult,
  VlanConfig,
} from '../../api/index.js';
import { vlanWords } from '../../config/vlan-command.js';
import { milliseconds, momentOf, plural } from './format.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

/** Columns around a QR code that scanners need as well. */
const QUIET_COLUMNS = 4;

export const INVITATION_COLUMNS: Column<InvitationStatus>[] = [
  { title: 'Invitation', cell: ({ name }) => name, shrinkTo: 10 },
  { title: 'Interface', cell: (one) => one.interface },
  { title: 'State', cell: ({ state }) => state },
  { title: 'VLANs', cell: ({ vlan }) => (vlan === null ? '-' : vlanWords(vlan)), shrinkTo: 10 },
  { title: 'Used', cell: ({ members, uses }) => `${members.length}/${uses}`, align: 'right' },
  { title: 'Expires', cell: ({ expiresMs }) => momentOf(expiresMs) },
  { title: 'Members', cell: ({ members }) => members.map(memberText).join(', '), shrinkTo: 12, folds: true },
];

/** What the inviter does with a token. The QR code stands there if it fits so many columns. */
export async function inviteText(result: InviteResult, columns: number): Promise<string[]> {
  const { name, uses, vlan, address, expiresMs, endpoints, token } = result;
  const hosts = uses === 1 ? '' : ` for ${uses} hosts`;
  return [
    `Invitation of ${name}${hosts}, valid until ${momentOf(expiresMs)}.`,
    ...foldLine(`This host is reached at ${endpoints.join(', ')}.`, TEXT_WIDTH),
    ...(vlan === null ? [] : foldLine(`In this network it will be in ${vlanText(vlan)}.`, TEXT_WIDTH)),
    ...(address === 'none' ? ['It gets no address from here.'] : []),
    'On the other host give this token to "octolink join"; until then keep it secret:',
    '',
    token,
    ...(await qrCode(token, columns)),
  ];
}

async function qrCode(text: string, columns: number): Promise<string[]> {
  if (columns === 0) return [];
  const { renderUnicodeCompact } = await import('uqr');
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n');
  return lines[0].length + QUIET_COLUMNS > columns ? [] : ['', ...lines];
}

export function revokeText({ invitations, members }: RevokeResult): string[] {
  return [
    ...invitations.map((name) => `Invitation ${name} is worth nothing any more.`),
    ...members.map((name) => `${name} was turned out.`),
  ];
}

/** What was found out on the way to the inviter. */
export function pathsText({ peer, paths, vlan }: JoinOffer): string[] {
  const columns: Column<JoinOffer['paths'][number]>[] = [
    { title: 'Link', cell: ({ link }) => (link === null ? '-' : String(link)), align: 'right' },
    { title: 'From', cell: ({ local, device }) => `${local} (${device})` },
    { title: 'To', cell: ({ remote }) => remote },
    { title: 'ms', cell: ({ rttUs }) => milliseconds(rttUs), align: 'right' },
    { title: 'Why not', cell: whyNot, folds: true },
  ];
  const said =
    vlan === null ? [] : ['', ...foldLine(`${peer} puts this host into ${vlanText(vlan)}.`, TEXT_WIDTH)];
  return [`Ways to ${peer}:`, ...table(columns, paths, 'None.'), ...said];
}

/** What a host has to know of its VLANs. */
function vlanText(vlan: VlanConfig): string {
  if (vlan.mode === 'access') return `VLAN ${vlan.vlan}; its frames carry no tag`;
  const { native, allowed } = vlan;
  const tagged = allowed === undefined ? 'all VLANs' : `VLANs ${allowed}`;
  return `${tagged} by frames with a tag${native === undefined ? '' : `, and into VLAN ${native} by those without`}`;
}

function whyNot({ link, rttUs, problem }: JoinOffer['paths'][number]): string {
  if (link !== null) return '';
  return rttUs === null ? (problem ?? 'no answer') : 'not needed';
}

/** How a host has joined. */
export function joinedText(
  { interface: name, name: self, peer, addresses }: JoinOffer,
  links: readonly LinkStatus[],
  rttUs: number | null,
): string[] {
  const address = addresses.length === 0 ? '' : `, ${addresses.join(', ')}`;
  const up = links.filter(({ state }) => state === 'up').length;
  return [
    `Joined ${name} as ${self}${address}: ${up} of ${plural(links.length, 'link')} to ${peer} up, ping ${milliseconds(rttUs)} ms.`,
    ...links
      .filter(({ state }) => state !== 'up')
      .map(({ link, state, cause }) => `link ${link} is ${state}${cause === null ? '' : `: ${cause}`}`),
  ];
}

function memberText({ name, addresses }: InvitationStatus['members'][number]): string {
  return addresses.length === 0 ? name : `${name} (${addresses.join(', ')})`;
}
