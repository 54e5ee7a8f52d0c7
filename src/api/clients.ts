/** What `show authorized-keys` and `clear authorized-keys` say: the clients that an interface admits by its file. */
import type { VlanConfig } from './config.js';
import type { Page, PageParams } from './operations.js';

export interface AuthorizedKeyStatus {
  interface: string;
  name: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  /** Template that its line names; null: that of the interface, if it has one. */
  template: string | null;
  /** What its line says that it carries; null: what its template says. */
  vlan: VlanConfig | null;
  description: string | null;
  /** Milliseconds since the epoch from which on it is refused; null: never. */
  expiresMs: number | null;
  /** Line in the file. */
  line: number;
  /** `absent`: it is not connected. */
  state: 'up' | 'down' | 'absent' | 'expired';
}

/** What came of reading a file of authorized keys. */
export interface AuthorizedKeysResult {
  interface: string;
  file: string;
  /** Clients that may come now. */
  clients: number;
  /** Lines that are wrong. */
  wrong: number;
  /** Why the file is not in use; null: it is. */
  fault: string | null;
}

export interface AuthorizedKeyMethods {
  /** Fails where there are too many clients for one answer: ask for pages. */
  'show.authorizedKeys': { params: { interface?: string }; result: AuthorizedKeyStatus[] };
  'show.authorizedKeysPage': {
    params: PageParams;
    result: Page<AuthorizedKeyStatus>;
  };
  /** Reads the files again, and believes what they say at once. */
  'clear.authorizedKeys': { params: { interface?: string }; result: AuthorizedKeysResult[] };
}
