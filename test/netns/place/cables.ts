/**
 * Two hosts joined by cables, with a link over each: cable `u1` carries link 0, and so on. What happens to one cable is no
 * other's business, so that tests of one file may run side by side.
 */
import type { TestContext } from 'vitest';
import { Lab } from '../../../scripts/lab/lab.js';
import { addressLine, cableBatch } from '../../../scripts/lab/plan.js';
import { run, until } from '../../../scripts/lab/run.js';
import type { LinkStatus } from '../../../src/api/index.js';
import { type Node, type Site, startSite, tellOnFailure } from '../node.js';
import { pingRound } from '../support.js';

/** Beats fast enough not to be waited for, slow enough for a machine whose cores are all busy. */
const TIMERS = { interval: 50, hold: 300 };
/** Longer than the longest wait between two handshakes, which is 6 s, and what comes after it. */
export const PATIENCE_S = 15;

export interface CableOptions {
  families: (4 | 6)[];
  /** Words after `local` and `remote` of a link, where they are not the cable's addresses. */
  ends?: (host: number, link: number) => { local?: string; remote?: string };
  /** More changes of a host's configuration. */
  edit?: (host: number, config: string) => string;
  /** Sets what a host's daemon runs in. */
  dress?: (node: Node) => void;
  /** Comes before the daemons start. */
  prepare?: (cables: Cables) => Promise<void>;
}

export class Cables {
  site: Site = { nodes: [], keys: [] };

  private constructor(
    readonly lab: Lab,
    private readonly families: (4 | 6)[],
  ) {}

  static async build(options: CableOptions): Promise<Cables> {
    const { families } = options;
    const lab = await Lab.build({
      hosts: 2,
      underlays: families.map((family) => ({ family, direct: true })),
    });
    const cables = new Cables(lab, families);
    try {
      await cables.start(options);
    } catch (error) {
      await lab.remove();
      throw error;
    }
    return cables;
  }

  private async start({ families, ends, edit, dress, prepare }: CableOptions): Promise<void> {
    await prepare?.(this);
    const configOf = (host: number, config: string) => {
      const lines = families.reduce(
        (text, _, link) => withEnds(text, link, ends?.(host, link) ?? {}),
        config,
      );
      return edit?.(host, lines) ?? lines;
    };
    this.site = await startSite(this.lab, () => ({ timers: TIMERS }), configOf, this.lab.hosts, dress);
  }

  node(host: number): Node {
    return this.site.nodes[host - 1];
  }

  /** Runs `ip` in a host. */
  ip(host: number, words: string): Promise<string> {
    return this.lab.run(host, 'ip', words.split(' '));
  }

  namespace(host: number): string {
    return this.lab.hosts[host - 1].namespace;
  }

  device(link: number): string {
    return `u${link + 1}`;
  }

  /** Address on a link's cable; that of a host ends in its number. */
  address(end: number, link: number): string {
    return this.families[link] === 4 ? `10.${link + 1}.0.${end}` : `fd00:${link + 1}::${end}`;
  }

  /** The address with its prefix length, as `ip` takes it. */
  prefix(end: number, link: number): string {
    return `${this.address(end, link)}/${this.families[link] === 4 ? 24 : 64}`;
  }

  addAddress(host: number, link: number, end = host, device = this.device(link)): Promise<string> {
    const noCheck = this.families[link] === 6 ? ' nodad' : '';
    return this.ip(host, `address add ${this.prefix(end, link)} dev ${device}${noCheck}`);
  }

  removeAddress(host: number, link: number, end = host, device = this.device(link)): Promise<string> {
    return this.ip(host, `address del ${this.prefix(end, link)} dev ${device}`);
  }

  /** Pulls the plug and puts it back once the host has noticed. */
  async flap(host: number, link: number): Promise<void> {
    await this.ip(host, `link set ${this.device(link)} down`);
    await this.isDown(host, link);
    await this.ip(host, `link set ${this.device(link)} up`);
    // An IPv6 route goes with the device, and comes back with the address.
    if (this.families[link] === 6) {
      await this.ip(host, `-6 route replace ${this.address(0, link)}/64 dev ${this.device(link)}`);
    }
  }

  /** Deletes a cable, device and addresses and all. */
  cut(link: number): Promise<string> {
    return this.ip(1, `link del ${this.device(link)}`);
  }

  /** Lays it as it was at first, between devices with other indexes. `ends`: last parts of the two addresses. */
  async lay(link: number, ends: readonly [number, number] = [1, 2]): Promise<void> {
    const { plan } = this.lab;
    const underlays = [plan.underlays[link]];
    for (const line of cableBatch({ ...plan, underlays })) await run('ip', line.split(' '));
    for (const host of [1, 2]) {
      const end = { ...this.lab.attachment(host, link + 1), address: this.address(ends[host - 1], link) };
      await this.ip(host, addressLine(end));
      await this.ip(host, `link set ${this.device(link)} up`);
    }
  }

  async linkOf(host: number, link: number): Promise<LinkStatus> {
    const links = await this.node(host).call('show.links', {});
    return links.find((found) => found.link === link) as LinkStatus;
  }

  /** Waits until a link is up at both ends. */
  async isUp(link: number, patienceS = PATIENCE_S): Promise<void> {
    await Promise.all([1, 2].map((host) => this.node(host).waitLink(`h${3 - host}`, link, 'up', patienceS)));
  }

  async allUp(): Promise<void> {
    for (const link of this.families.keys()) await this.isUp(link);
  }

  /** Waits until an address answers a host's ping, beside any tunnel: from then on a link has what it needs. */
  reaches(host: number, address: string): Promise<void> {
    const ping = async () => (await pingRound(this.namespace(host), address, 1)) === 1;
    return until(`h${host} to reach ${address}`, ping, PATIENCE_S * 1000);
  }

  isDown(host: number, link: number) {
    return this.node(host).waitLink(`h${3 - host}`, link, 'down', PATIENCE_S);
  }

  /** Waits until a host has followed its peer to an address. */
  follows(host: number, link: number, address: string): Promise<void> {
    const known = async () => {
      const { remote, state } = await this.linkOf(host, link);
      return (
        state === 'up' &&
        remote !== null &&
        remote.includes(address.includes(':') ? `[${address}]` : `${address}:`)
      );
    };
    return until(`h${host} to follow to ${address} by link ${link}`, known, PATIENCE_S * 1000);
  }

  /** Waits until a link waits, for what its cause says. */
  waits(host: number, link: number, cause: string): Promise<void> {
    const known = async () => {
      const found = await this.linkOf(host, link);
      return found.state === 'waiting' && found.cause === cause;
    };
    return until(`link ${link} of h${host} to wait: ${cause}`, known, PATIENCE_S * 1000);
  }

  /** Changes a link while it runs. */
  configure(host: number, link: number, ...lines: string[]): Promise<void> {
    return this.node(host).configure('interface octo0', `peer h${3 - host}`, `link ${link}`, ...lines);
  }

  async remove(context?: TestContext): Promise<void> {
    if (context !== undefined) tellOnFailure(context, this.site);
    await this.lab.remove();
  }
}

function withEnds(config: string, link: number, ends: { local?: string; remote?: string }): string {
  const block = new RegExp(`(  link ${link}\\n)   local (.*)\\n   remote (.*)\\n`);
  return config.replace(
    block,
    (_, head, local, remote) =>
      `${head}   local ${ends.local ?? local}\n   remote ${ends.remote ?? remote}\n`,
  );
}
