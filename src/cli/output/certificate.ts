/** `show certificate`. */
export interface CertificateFacts {
  name: string;
  /** Base64, as the authority. */
  publicKey: string;
  authority: string;
  groups: string[];
  /** Milliseconds since the epoch. */
  issuedMs: number;
  expiresMs: number;
}

const DAY_MS = 86_400_000;

export function certificateText(
  { name, publicKey, authority, groups, issuedMs, expiresMs }: CertificateFacts,
  nowMs: number,
): string[] {
  const days = Math.floor(Math.abs(expiresMs - nowMs) / DAY_MS);
  const left = expiresMs > nowMs ? `in ${days} days` : `expired ${days} days ago`;
  return [
    `Name:        ${name}`,
    `Public key:  ${publicKey}`,
    `Groups:      ${groups.length === 0 ? 'none' : groups.join(', ')}`,
    `Issued:      ${dateOf(issuedMs)}`,
    `Expires:     ${dateOf(expiresMs)}, ${left}`,
    `Authority:   ${authority}`,
  ];
}

function dateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
