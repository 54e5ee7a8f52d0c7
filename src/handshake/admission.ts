/**
 * Who is admitted without a block in the configuration: from a public key to the terms of a client. Pure. The table is
 * built apart, in slices if it is long, and takes the place of the one before as a whole.
 */
import { type KeyLine, readKeyLine, wordsOf } from '../config/authorized-keys.js';
import { isSameVlan } from '../config/vlan-command.js';
import { CertifiedTable } from './certified.js';
import { type Client, MAX_CLIENTS } from './client.js';
import { asKey } from './recent-set.js';

/** Wrong lines that are told; the rest is counted. */
const MAX_PROBLEMS = 20;

/** Why a key is not admitted, a name of `HANDSHAKE_HELP`. */
type AdmissionRefusal = 'unknown-peer' | 'client-expired';

/** Clients by key and by name. */
export class ClientTable {
  private readonly byKey = new Map<string, Client>();
  private readonly byName = new Map<string, Client>();
  private readonly clients: Client[] = [];

  get size(): number {
    return this.byKey.size;
  }

  /** In the order in which they were added. */
  all(): readonly Client[] {
    return this.clients;
  }

  withKey(key: string): Client | undefined {
    return this.byKey.get(key);
  }

  named(name: string): Client | undefined {
    return this.byName.get(name);
  }

  /** Adds a client; a sentence when its name or its key is another's, or the table is full. */
  add(client: Client): string | null {
    if (this.byName.has(client.name)) return `the name ${client.name} stands in an earlier line already`;
    if (this.byKey.has(client.key)) {
      return `${this.byKey.get(client.key)?.name} has this public key already`;
    }
    if (this.size >= MAX_CLIENTS) return `there are ${MAX_CLIENTS} clients already`;
    this.byKey.set(client.key, client);
    this.byName.set(client.name, client);
    this.clients.push(client);
    return null;
  }
}

/** What makes an admission's decisions depend on more than its table. */
interface AdmissionOptions {
  /** Milliseconds since the epoch. */
  wallClockMs(): number;
}

export class Admission {
  /** Those of the file. */
  table = new ClientTable();
  /** Those that have shown a certificate; the file goes before it. */
  readonly certified = new CertifiedTable();

  constructor(private readonly options: AdmissionOptions) {}

  /** Nobody of the file is admitted any more. */
  clear(): void {
    this.table = new ClientTable();
  }

  withKey(key: string): Client | undefined {
    return this.table.withKey(key) ?? this.certified.withKey(key);
  }

  named(name: string): Client | undefined {
    return this.table.named(name) ?? this.certified.named(name);
  }

  /** The client with this public key, or why it is not admitted. */
  judge(publicKey: Uint8Array): Client | AdmissionRefusal {
    const client = this.withKey(asKey(publicKey));
    if (client === undefined) return 'unknown-peer';
    return this.isExpired(client) ? 'client-expired' : client;
  }

  isExpired({ expiresMs }: Client): boolean {
    return expiresMs !== undefined && expiresMs <= this.options.wallClockMs();
  }
}

/** A wrong line. */
export interface KeyProblem {
  /** 1-based. */
  line: number;
  message: string;
}

/** What came of a file. */
export interface KeysRead {
  table: ClientTable;
  /** The first wrong lines, and how many there are. */
  problems: KeyProblem[];
  wrong: number;
  /** Clients that were not there before, and those that are there no more. */
  added: number;
  removed: number;
}

/**
 * Makes a table of a file's text, some lines at a time. A line that is wrong admits nobody, and turns nobody out: whom it
 * names, by name or by key, stays as before.
 */
export class KeysReading {
  /** Where the next line begins, and its number. */
  private at = 0;
  private line = 0;
  private readonly table = new ClientTable();
  private readonly problems: KeyProblem[] = [];
  private wrong = 0;
  /** Clients that were there before and still are. */
  private stayed = 0;
  /** Whom wrong lines name. */
  private readonly kept: Client[] = [];

  /** `before`: what is in force. */
  constructor(
    private readonly text: string,
    private readonly before: ClientTable,
  ) {}

  /** Reads up to so many lines more; whether all have been read. */
  step(count: number): boolean {
    const { text } = this;
    for (let left = count; left > 0 && this.at < text.length; left--) {
      const found = text.indexOf('\n', this.at);
      const end = found < 0 ? text.length : found;
      const line = text.slice(this.at, end);
      this.at = end + 1;
      this.read(line, ++this.line);
    }
    return this.at >= text.length;
  }

  /** The result; to be called once, when `step` has said that all is read. */
  finish(): KeysRead {
    // After all good lines: whom one of those names anew, it no longer concerns.
    for (const client of this.kept) if (this.table.add(client) === null) this.stayed++;
    const { table, problems, wrong, before } = this;
    return { table, problems, wrong, added: table.size - this.stayed, removed: before.size - this.stayed };
  }

  private read(text: string, line: number): void {
    const read = readKeyLine(text);
    if (read === null) return;
    if (typeof read === 'string') return this.refuse(text, line, read);
    const key = asKey(Buffer.from(read.publicKey, 'base64'));
    const known = this.before.withKey(key);
    const problem = this.table.add(clientOf(read, key, line, known?.memory ?? { lastTimestamp: -1 }));
    if (problem !== null) this.refuse(text, line, problem);
    else if (known !== undefined) this.stayed++;
  }

  private refuse(text: string, line: number, message: string): void {
    this.wrong++;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ line, message });
    for (const word of wordsOf(text).slice(0, 2)) {
      const named = this.before.named(word) ?? this.before.withKey(asKey(Buffer.from(word, 'base64')));
      if (named !== undefined) this.kept.push(named);
    }
  }
}

/** Field by field: objects made by spreading others share no layout, and cost four times the memory. */
function clientOf(read: KeyLine, key: string, line: number, memory: Client['memory']): Client {
  const { name, template, vlan, description, expiresMs } = read;
  const client: { -readonly [Field in keyof Client]: Client[Field] } = { name, key, line, memory };
  if (template !== undefined) client.template = template;
  if (vlan !== undefined) client.vlan = vlan;
  if (description !== undefined) client.description = description;
  if (expiresMs !== undefined) client.expiresMs = expiresMs;
  return client;
}

/** Whether two lines say the same of a client, wherever they stand. */
export function isSameClient(a: Client, b: Client): boolean {
  return (
    a.name === b.name &&
    a.key === b.key &&
    a.template === b.template &&
    a.description === b.description &&
    a.expiresMs === b.expiresMs &&
    isSameVlan(a.vlan, b.vlan)
  );
}
