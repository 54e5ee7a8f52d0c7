/** The side of the host that joins: makes itself known to an inviter, and says what its configuration then needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, InterfaceConfig, LinkConfig } from '../../api/config.js';
import type { JoinOffer, JoinParams, JoinPath, SetupParams, SetupProposal } from '../../api/index.js';
import { DEFAULTS } from '../../config/defaults.js';
import { renderConfig } from '../../config/render.js';
import { formatPublicKey } from '../../crypto/keys.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { peerKeyProblem } from '../../handshake/peer-key.js';
import type { JoinGrant } from '../../member/join-messages.js';
import { decodeToken, type InvitationToken, invitationKeys } from '../../member/token.js';
import type { Native } from '../../native/binding.js';
import { RequestError } from '../base/request-errors.js';
import { formatAddress } from '../interfaces/addresses.js';
import { loadKeys } from '../interfaces/interface-keys.js';
import { proposeFirst } from './first-interface.js';
import { defaultRoutes, hostAddresses } from './host-addresses.js';
import { allWays, askBy, type TriedWay } from './join-ways.js';
import { linksOf } from './link-pairs.js';

/** How long a host without any way waits for one, and how often it looks: the kernel tells of a carrier up to a second late. */
const CARDS_MS = 3000;
const LOOK_AGAIN_MS = 200;

interface JoinerOptions {
  native: Pick<Native, 'routeDevice' | 'ifindex' | 'udpOpen'>;
  stateFolder: string;
  runningConfig(): Config;
  /** Names of the interfaces that run. */
  taps(): Iterable<string>;
}

export class Joiner {
  constructor(private readonly options: JoinerOptions) {}

  /** @throws RequestError with a sentence for the user: a wrong token, a refusal, no answer */
  async join({ token: text, interface: wanted }: JoinParams, signal: AbortSignal): Promise<JoinOffer> {
    const token = decodeToken(sodiumPrimitives, text);
    if (typeof token === 'string') throw new RequestError(token);
    const name = wanted ?? token.interface;
    const publicKey = this.ownKey(name);
    const ownKey = Buffer.from(publicKey, 'base64');
    const problem = peerKeyProblem(sodiumPrimitives, ownKey, token.publicKey);
    if (problem !== undefined) throw new RequestError(`the inviter cannot be joined: ${problem}`);
    const invitation = invitationKeys(sodiumPrimitives, token);
    sodiumPrimitives.wipe(token.secret);
    const ways = await this.waysTo(token, signal);
    const open = ways.filter(({ problem }) => problem === null);
    try {
      if (open.length > 0) await askBy(this.options.native, open, { token, invitation, publicKey }, signal);
    } finally {
      sodiumPrimitives.wipe(invitation.secretKey);
    }
    const reply = ways.find((way) => way.reply !== null)?.reply ?? null;
    if (reply === null) throw new RequestError(noAnswer(ways, token));
    if ('refused' in reply) throw new RequestError(`the inviter refuses: ${reply.refused}`);
    return this.offer(token, reply.grant, { name, publicKey, ways });
  }

  /** All ways. Where there is none that could be tried, cards may be on their way up: they have some seconds. */
  private async waysTo({ ends }: InvitationToken, signal: AbortSignal): Promise<TriedWay[]> {
    const { native, taps } = this.options;
    for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
      const ways = allWays(native, ends, { here: hostAddresses(new Set(taps())), routes: defaultRoutes() });
      if (waitedMs >= CARDS_MS || ways.some(({ problem }) => problem === null)) return ways;
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  /** What `setup` would configure. @throws RequestError with a sentence for the user */
  proposeFirst(params: SetupParams): SetupProposal {
    return proposeFirst(params, this.options.runningConfig(), this.options.stateFolder);
  }

  /** The public key under which the interface will run; a key is made if there is none. */
  private ownKey(name: string): string {
    const existing = this.options.runningConfig().interfaces.find((one) => one.name === name);
    const keys = loadKeys(existing ?? emptyInterface(name), this.options.stateFolder);
    sodiumPrimitives.freeLocked(keys.secretKey);
    return formatPublicKey(keys.publicKey);
  }

  private offer(
    token: InvitationToken,
    grant: JoinGrant,
    { name, publicKey, ways }: { name: string; publicKey: string; ways: TriedWay[] },
  ): JoinOffer {
    const good = ways.filter(({ rttUs }) => rttUs !== null);
    const ids = linksOf(
      good.map(({ from, remote, end, rttUs }) => ({
        device: from.device,
        remote,
        link: end.link,
        rttUs: rttUs ?? 0,
      })),
      grant.links,
    );
    const paths = ways.map(
      (way): JoinPath => ({
        local: way.from.text,
        device: way.from.device,
        remote: way.remote,
        rttUs: way.rttUs,
        problem: way.problem,
        link: ids[good.indexOf(way)] ?? null,
      }),
    );
    const links = good
      .flatMap((way, index): LinkConfig[] => (ids[index] === null ? [] : [linkOf(way, ids[index] as number)]))
      .sort((a, b) => a.id - b.id);
    const existing = this.options.runningConfig().interfaces.find((one) => one.name === name);
    const inviterKey = formatPublicKey(token.publicKey);
    const namesake = existing?.peers.find((peer) => peer.name === grant.peer);
    if (namesake?.publicKey !== undefined && namesake.publicKey !== inviterKey) {
      throw new RequestError(
        `${name} has another peer ${grant.peer} already: join with "interface" and another name`,
      );
    }
    const joined: InterfaceConfig = {
      ...emptyInterface(name),
      addresses: grant.addresses,
      ...(existing === undefined && grant.mtu !== DEFAULTS.mtu && { mtu: grant.mtu }),
      peers: [{ name: grant.peer, publicKey: inviterKey, links }],
    };
    const lines = renderConfig({ interfaces: [joined] })
      .trimEnd()
      .split('\n');
    return {
      interface: name,
      peer: grant.peer,
      name: grant.name,
      publicKey,
      addresses: grant.addresses,
      vlan: grant.vlan ?? null,
      lines,
      paths,
    };
  }
}

function emptyInterface(name: string): InterfaceConfig {
  return { name, addresses: [], disabledOffloads: [], peers: [], enabled: true };
}

/** By the name of the network card, which outlives its address; by the address where the card has several. */
function linkOf({ from, end, byDevice }: TriedWay, id: number): LinkConfig {
  return {
    id,
    local: byDevice ? { kind: 'interface', name: from.device } : { kind: 'address', address: from.text },
    remote: { kind: 'address', address: formatAddress(Uint8Array.from(end.address.bytes)), port: end.port },
  };
}

/** What may be in the way. */
function noAnswer(ways: readonly TriedWay[], { ends, expiresMs }: InvitationToken): string {
  if (ways.length === 0) {
    const families = [...new Set(ends.map(({ address }) => `IPv${address.family}`))].join(' and ');
    return `this host has no address by which it could reach the inviter (${families})`;
  }
  const tried = ways.map(
    ({ from, remote, problem }) => `  ${from.text} (${from.device}) to ${remote}: ${problem ?? 'no answer'}`,
  );
  const now = new Date();
  const time =
    expiresMs <= now.getTime()
      ? `The invitation expired at ${new Date(expiresMs).toISOString()}; the clock of this host says ${now.toISOString()}.`
      : `Is UDP open at the inviter, also in the rules of its cloud? Is the invitation still there ("show invitations")?`;
  return ['the inviter does not answer:', ...tried, time].join('\n');
}
