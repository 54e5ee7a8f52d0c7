/**
 * The invitations of this host: made and revoked on its operator's word, used up by hosts that join. Who joins becomes a
 * client: a line of the interface's `authorized-keys`. All changes go one after another, and are on disk before a host
 * hears of them.
 */
import type { InvitationStatus, InviteParams, InviteResult, RevokeResult } from '../../api/index.js';
import { vlanWords } from '../../config/vlan-command.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import type { OpenedJoin } from '../../handshake/join.js';
import type { JoinReply } from '../../member/join-messages.js';
import { encodeToken, INVITATION_SECRET_BYTES, type InviterEnd, invitationKeys } from '../../member/token.js';
import type { Expiring } from '../base/expiring.js';
import { RequestError } from '../base/request-errors.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { Acceptance } from './acceptance.js';
import { type Invitation, InvitationStore, vlanOf } from './invitation-store.js';
import { endpointsOf, inviterEnds } from './inviter-ends.js';
import { removeKeyLines } from './key-lines.js';
import { isInVlanOfAddresses, vlanOfClient } from './member-vlan.js';

/** Invitations kept at a time, used and expired ones included. */
const MAX_INVITATIONS = 1000;
/** Requests that wait to be answered; each comes again when it is not. */
const MAX_WAITING = 16;
/** An invitation is forgotten this long after nobody can come by it any more. */
const KEPT_MS = 30 * 86_400_000;
/** They stand in a line of `authorized-keys` and in the reply to who joins. */
const MAX_VLAN_WORDS = 255;

interface InvitationsOptions {
  stateFolder: string;
  hostname(): string;
  /** The interfaces that run. */
  runtimes: ReadonlyMap<string, InterfaceRuntime>;
  /** Something happened to an invitation. */
  told(invitation: Invitation, what: 'made' | 'used' | 'revoked', member: string | null): void;
}

export class Invitations {
  private readonly store: InvitationStore;
  private readonly acceptance: Acceptance;
  private waiting = 0;
  /** Settles when the last change has ended: they never overlap. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: InvitationsOptions) {
    this.store = new InvitationStore(options.stateFolder);
    this.acceptance = new Acceptance(this.store, options.hostname);
  }

  /** Reads what earlier daemons kept. @throws Error when that cannot be used */
  load(): Promise<void> {
    return this.store.load();
  }

  /** Those of an interface; without a name all. */
  list(name?: string): InvitationStatus[] {
    const wanted = this.store.all().filter((one) => name === undefined || one.interface === name);
    return wanted.map(({ key: _, address: __, ...shown }) => ({
      ...shown,
      vlan: vlanOf(shown) ?? null,
      state: stateOf(shown),
    }));
  }

  /** Invitations by which somebody may still come, and those that ended before. */
  *expiring(): Iterable<Expiring> {
    for (const one of this.store.all()) {
      if (stateOf(one) === 'used') continue;
      const { interface: interfaceName, name, madeMs, expiresMs } = one;
      yield { kind: 'invitation', interface: interfaceName, name, fromMs: madeMs, expiresMs };
    }
  }

  /** @throws RequestError with a sentence for the user */
  make(params: InviteParams): Promise<InviteResult> {
    return this.inTurn(async () => {
      const runtime = this.inviting(params);
      const { name, uses, template, vlan } = params;
      const taps = [...this.options.runtimes.keys()];
      const ends = inviterEnds(runtime, taps, template, params.endpoints);
      const list = this.store.all().filter((one) => !isForgotten(one));
      if (list.length >= MAX_INVITATIONS)
        throw new RequestError(`there are ${list.length} invitations: revoke some`);
      if (list.some((one) => one.interface === runtime.name && one.name === name && stateOf(one) === 'open'))
        throw new RequestError(`invitation ${name} already exists: revoke it first`);
      const carried = vlanOfClient(runtime.config, params);
      const { address = isInVlanOfAddresses(runtime.config, carried) ? 'auto' : 'none' } = params;
      const problem = this.acceptance.addressProblem(runtime, address, carried);
      if (problem !== null) throw new RequestError(problem);
      const madeMs = Date.now();
      const expiresMs = Math.floor(madeMs / 1000 + params.validS) * 1000;
      const { token, key } = newToken(runtime, ends, expiresMs);
      const invitation: Invitation = {
        interface: runtime.name,
        name,
        key,
        template: template ?? null,
        ...(vlan !== undefined && { vlan: vlanWords(vlan) }),
        uses,
        address,
        madeMs,
        expiresMs,
        members: [],
      };
      await this.store.save([...list, invitation]);
      this.options.told(invitation, 'made', null);
      const { name: interfaceName } = runtime;
      const made = { name, interface: interfaceName, token, expiresMs, uses, vlan: carried ?? null, address };
      return { ...made, endpoints: endpointsOf(ends) };
    });
  }

  /**
   * Makes an invitation worthless and turns out who came by it; a name of such a member turns out that one alone.
   * @throws RequestError when there is neither
   */
  revoke(name: string, interfaceName?: string): Promise<RevokeResult> {
    return this.inTurn(async () => {
      const revoked = this.store.all().flatMap((one) => {
        if (interfaceName !== undefined && one.interface !== interfaceName) return [];
        const members = one.members.filter((member) => one.name === name || member.name === name);
        return one.name === name || members.length > 0 ? [{ invitation: one, members }] : [];
      });
      if (revoked.length === 0)
        throw new RequestError(`invitation ${name} not found, nor a member of that name who joined with one`);
      // First who may come no more: should what follows fail, it can be asked for again.
      for (const { invitation, members } of revoked) await this.turnOut(invitation.interface, members);
      await this.store.save(this.store.all().flatMap((one) => remains(one, name, revoked)));
      const whole = revoked.filter(({ invitation }) => invitation.name === name);
      for (const { invitation } of whole) this.options.told(invitation, 'revoked', null);
      return {
        invitations: whole.map(({ invitation }) => invitation.name),
        members: revoked.flatMap(({ members }) => members.map((member) => member.name)),
      };
    });
  }

  /** Answers the requests that come to an interface from now on. */
  serve(runtime: InterfaceRuntime): void {
    const { handshakes } = runtime;
    handshakes.on('join', (join, path) => {
      const invitation = this.find(runtime, join);
      if (invitation === undefined || this.waiting >= MAX_WAITING) {
        handshakes.count(invitation === undefined ? 'invitation-unknown' : 'join-busy');
        return join.abandon();
      }
      this.waiting++;
      void this.inTurn(() => this.answer(runtime, join))
        .then((reply) => {
          if (reply === null || !runtime.datapath.alive) return join.abandon();
          if ('refused' in reply) handshakes.count('invitation-refused');
          handshakes.answerJoin(join, reply, path);
        })
        .catch((error: Error) => {
          join.abandon();
          runtime.emit('trouble', `a host that wants to join gets no answer: ${error.message}`);
        })
        .finally(() => this.waiting--);
    });
  }

  private async answer(runtime: InterfaceRuntime, join: OpenedJoin): Promise<JoinReply | null> {
    const invitation = this.find(runtime, join);
    if (invitation === undefined) return null;
    if (join.request === null) {
      runtime.handshakes.count('join-malformed');
      return null;
    }
    const reply = await this.acceptance.accept(runtime, invitation, join.request);
    const member = this.find(runtime, join)?.members.at(-1);
    if (member !== undefined && !invitation.members.includes(member))
      this.options.told(invitation, 'used', member.name);
    return reply;
  }

  private find(runtime: InterfaceRuntime, { invitation }: OpenedJoin): Invitation | undefined {
    const key = Buffer.from(invitation).toString('base64');
    return this.store.all().find((one) => one.key === key && one.interface === runtime.name);
  }

  /** The interface that invites. */
  private inviting({
    interface: name,
    name: member,
    template,
    vlan,
    uses,
    address = 'auto',
  }: InviteParams): InterfaceRuntime {
    const { runtimes } = this.options;
    if (name !== undefined && !runtimes.has(name)) throw new RequestError(`interface ${name} does not run`);
    const candidates = [...runtimes.values()].filter((one) => name === undefined || one.name === name);
    const admitting = candidates.filter(({ config }) => config.authorizedKeys !== undefined);
    if (admitting.length === 0) throw new RequestError(NO_CLIENTS);
    if (admitting.length > 1)
      throw new RequestError('several interfaces admit clients: name one with "interface NAME"');
    const [runtime] = admitting;
    if (runtime.clients.fileFault !== null && runtime.clients.known > 0)
      throw new RequestError(runtime.clients.fileFault);
    if (template !== undefined && !runtime.config.peerTemplates?.some((one) => one.name === template))
      throw new RequestError(`${runtime.name} has no peer-template ${template}`);
    if (uses === 1 && (runtime.peers.get(member) ?? runtime.clients.named(member)) !== undefined)
      throw new RequestError(`peer ${member} already exists on ${runtime.name}`);
    if (vlan !== undefined && vlanWords(vlan).length > MAX_VLAN_WORDS)
      throw new RequestError('the list of VLANs is too long: put it into a peer-template');
    if (/\s/.test(member)) throw new RequestError('the name of a client must not contain blanks');
    if (uses > 1 && address !== 'auto' && address !== 'none')
      throw new RequestError('one address is for one host: use "address auto", or leave out "uses"');
    return runtime;
  }

  private async turnOut(name: string, members: Invitation['members']): Promise<void> {
    if (members.length === 0) return;
    const runtime = this.options.runtimes.get(name);
    const file = runtime?.config.authorizedKeys?.file;
    if (runtime === undefined || file === undefined)
      throw new RequestError(
        `interface ${name} does not run, or admits no clients: nobody can be turned out`,
      );
    await removeKeyLines(file, new Set(members.map(({ publicKey }) => publicKey)));
    await runtime.clients.reread();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

const NO_CLIENTS =
  'no interface admits clients: give one "authorized-keys FILE", or let "octolink setup" make a first one';

/** What is left of an invitation. The place of a revoked member does not become free: others may know the secret. */
function remains(
  one: Invitation,
  name: string,
  revoked: readonly { invitation: Invitation; members: Invitation['members'] }[],
): Invitation[] {
  const gone = revoked.find(({ invitation }) => invitation === one)?.members ?? [];
  const uses = one.uses - gone.length;
  if (uses === 0 || (one.name === name && revoked.some(({ invitation }) => invitation === one))) return [];
  return [{ ...one, uses, members: one.members.filter((member) => !gone.includes(member)) }];
}

function stateOf({ members, uses, expiresMs }: Pick<Invitation, 'members' | 'uses' | 'expiresMs'>) {
  if (members.length >= uses) return 'used' as const;
  return expiresMs <= Date.now() ? ('expired' as const) : ('open' as const);
}

/** Nobody can come by it any more, and nobody who did can be revoked. */
function isForgotten({ members, expiresMs }: Invitation): boolean {
  return members.length === 0 && expiresMs + KEPT_MS < Date.now();
}

function newToken(
  runtime: InterfaceRuntime,
  ends: InviterEnd[],
  expiresMs: number,
): { token: string; key: string } {
  const secret = sodiumPrimitives.allocateSecret(INVITATION_SECRET_BYTES);
  sodiumPrimitives.random(secret);
  const publicKey = Buffer.from(runtime.publicKey, 'base64');
  const token = encodeToken(sodiumPrimitives, {
    interface: runtime.name,
    publicKey,
    secret,
    expiresMs,
    ends,
  });
  const keys = invitationKeys(sodiumPrimitives, { publicKey, secret });
  sodiumPrimitives.wipe(secret);
  sodiumPrimitives.wipe(keys.secretKey);
  return { token, key: Buffer.from(keys.publicKey).toString('base64') };
}
