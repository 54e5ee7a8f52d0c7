/**
 * What a registry needs of etcd (API v3, by its JSON gateway): leases, values, a listing and its changes. Every answer
 * is checked: a server may say anything.
 */
import { type Gateway, shown } from './gateway.js';

/** Values asked for at once, and taken in all. */
const PAGE = 256;
const MAX_VALUES = 4096;

/** A key, and its value; null: it was deleted. */
export interface Change {
  key: string;
  value: Uint8Array | null;
}

interface Listing {
  values: Change[];
  /** Changes are to be followed from the one after this. */
  revision: bigint;
  /** There are more than are taken. */
  isCut: boolean;
}

/** The history before some revision has been dropped: only a new listing helps. */
export class Compacted extends Error {}

type Json = Record<string, unknown>;

export class Etcd {
  /** `prefix`: of the keys, without a slash at its end. */
  constructor(
    readonly gateway: Gateway,
    private readonly prefix: string,
    private readonly signal: AbortSignal,
  ) {}

  /** A lease of so many seconds; its id. */
  async grantLease(seconds: number): Promise<string> {
    const { ID: id } = await this.call('/v3/lease/grant', { TTL: String(seconds) });
    return numberText(id) ?? fail('a lease without an id');
  }

  /** Renews a lease; false when it is gone: the answer is the same but for the time that is left. */
  async keepAlive(lease: string): Promise<boolean> {
    const { result } = await this.call('/v3/lease/keepalive', { ID: lease });
    const { TTL: left } = object(result);
    return numberText(left) !== null;
  }

  /** Sets a value; with a lease it goes when that does. `name`: what follows the prefix and a slash. */
  async put(name: string, value: Uint8Array, lease?: string): Promise<void> {
    const more = lease === undefined ? {} : { lease };
    await this.call('/v3/kv/put', { key: base64(this.keyOf(name)), value: base64(value), ...more });
  }

  /** All values, as of one revision. */
  async list(): Promise<Listing> {
    const { range_end } = this.range();
    const values: Change[] = [];
    let from = `${this.prefix}/`;
    let revision: bigint | null = null;
    for (;;) {
      const at = revision === null ? {} : { revision: revision.toString() };
      const asked = { key: base64(from), range_end, limit: String(PAGE), ...at };
      const { header, kvs, more } = await this.call('/v3/kv/range', asked);
      revision ??= revisionOf(header);
      const page = array(kvs).map((entry) => this.changeOf(entry));
      values.push(...page.filter((one) => one !== null));
      const last = page.at(-1);
      const isMore = more === true && last !== null && last !== undefined;
      if (!isMore || values.length >= MAX_VALUES) return { values, revision, isCut: isMore };
      from = `${this.prefix}/${last.key}\0`;
    }
  }

  /**
   * Changes from a revision on, in batches, until the stream ends.
   * @throws Compacted when the revision is no longer there.
   */
  async *watch(from: bigint): AsyncGenerator<Change[]> {
    const create_request = { ...this.range(), start_revision: from.toString() };
    const asked = { path: '/v3/watch', body: { create_request }, signal: this.signal };
    for await (const line of this.gateway.stream(asked)) {
      const { result, error } = object(line);
      if (error !== undefined) throw new Error(messageOf(error));
      const { canceled, cancel_reason, compact_revision, events } = object(result);
      if (numberText(compact_revision) !== null) throw new Compacted('the history was compacted');
      if (canceled === true) throw new Error(shown(cancel_reason ?? 'the watch was canceled'));
      const changes = array(events).map((event) => this.eventOf(object(event)));
      const known = changes.filter((change) => change !== null);
      if (known.length > 0) yield known;
    }
  }

  private eventOf({ type, kv }: Json): Change | null {
    const change = this.changeOf(kv);
    return change !== null && type === 'DELETE' ? { ...change, value: null } : change;
  }

  private changeOf(entry: unknown): Change | null {
    const { key, value } = object(entry);
    const name = bytesOf(key)?.toString('utf8') ?? '';
    const begin = `${this.prefix}/`;
    if (!name.startsWith(begin)) return null;
    return { key: name.slice(begin.length), value: bytesOf(value) ?? new Uint8Array(0) };
  }

  private keyOf(name: string): string {
    return `${this.prefix}/${name}`;
  }

  /** All keys with the prefix: "0" follows "/". */
  private range(): { key: string; range_end: string } {
    return { key: base64(`${this.prefix}/`), range_end: base64(`${this.prefix}0`) };
  }

  private async call(path: string, body: unknown): Promise<Json> {
    return object(await this.gateway.call({ path, body, signal: this.signal }));
  }
}

/**
 * A token for a user.
 * @throws Refused when the servers refuse the password.
 */
export async function login(
  gateway: Gateway,
  user: { name: string; password: string },
  signal: AbortSignal,
): Promise<string> {
  const ask = { path: '/v3/auth/authenticate', body: user, signal };
  const { token } = object(await gateway.callWithoutToken(ask));
  // Nothing else may stand in a header.
  const isToken = typeof token === 'string' && /^[\x21-\x7e]{1,8192}$/.test(token);
  return isToken ? token : fail('no token');
}

function messageOf(error: unknown): string {
  const { message = error } = object(error);
  return shown(message);
}

function revisionOf(header: unknown): bigint {
  const { revision } = object(header);
  return BigInt(numberText(revision) ?? fail('a listing without a revision'));
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A whole number as the gateway writes it, in a string; null for anything else, and for zero. */
function numberText(value: unknown): string | null {
  return typeof value === 'string' && /^[1-9]\d{0,18}$/.test(value) ? value : null;
}

function bytesOf(value: unknown): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : null;
}

function base64(value: string | Uint8Array): string {
  return Buffer.from(value as Uint8Array).toString('base64');
}

function fail(what: string): never {
  throw new Error(`the answer says ${what}`);
}
