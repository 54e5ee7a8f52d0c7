/** What ends by itself at a known time. */

/** `certificate`: the one that this host shows. */
export type ExpiryKind = 'invitation' | 'certificate';

export interface ExpiryStatus {
  kind: ExpiryKind;
  interface: string;
  name: string;
  /** Milliseconds since the epoch. */
  expiresMs: number;
  /** `soon`: within a week, or within the second half of its life where that is less. */
  state: 'valid' | 'soon' | 'expired';
}

export interface ExpiryMethods {
  /** The next to expire first; what has expired is there for a week more. */
  'show.expiry': { params: { interface?: string }; result: ExpiryStatus[] };
}
