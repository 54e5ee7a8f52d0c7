/** The hosts of a scene, and the commands of its page on them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../lab/lab.js';
import { ROOT } from '../lab/mesh.js';
import { unpack } from '../lab/packages.js';
import type { PageBlock } from '../lab/page-blocks.js';
import type { LabProcess } from '../lab/process.js';
import { ProgramHost } from '../lab/program-host.js';
import { run } from '../lab/run.js';
import type { End, Scene } from './scene.js';

const DO_PATIENCE_MS = 60_000;
const CHECK_PATIENCE_MS = 40_000;
/** The paths of an installed Octolink, in a file system that lasts as long as the host. */
const INSTALL = `ln -s ${join(ROOT, 'bin/octolink')} ${join(ROOT, 'bin/octolinkd')} /usr/bin/
  mkdir -p /etc/octolink /run/octolink /var/lib/octolink
  touch /etc/octolink/octolink.conf`;

export class Stage {
  private readonly started: LabProcess[] = [];
  private readonly hosts = new Map<string, ProgramHost>();

  private constructor(
    private readonly scene: Scene,
    private readonly lab: Lab,
  ) {}

  static async set(scene: Scene): Promise<Stage> {
    const { folder } = await unpack(scene.packages ?? []);
    const stage = new Stage(scene, await Lab.build({ hosts: scene.hosts.length, underlays: [] }));
    try {
      for (const name of scene.hosts) await stage.addHost(name, folder);
      for (const [one, other] of scene.cables) await stage.plug(one, other);
      const shared = join(stage.lab.folder, 'shared');
      mkdirSync(shared);
      for (const [name, script] of scene.before ?? [])
        await stage.do(name, script.replaceAll('SHARED', shared));
      for (const name of scene.installed) stage.host(name).start('octolinkd', 'octolinkd');
      for (const name of scene.installed) await stage.host(name).sh('octolink -w 30 show version');
      return stage;
    } catch (error) {
      await stage.remove();
      throw error;
    }
  }

  /** Does what a block says on each of its hosts, or waits until what it checks is so. */
  async follow({ places, isCheck, script }: PageBlock): Promise<void> {
    const words = await this.filledIn(script);
    for (const place of places) await (isCheck ? this.check(place, words) : this.do(place, words));
  }

  private async do(place: string, script: string): Promise<void> {
    const host = this.host(place);
    const { code } = await host.try(`set -e\n${blockOf(script)}`, { timeoutMs: DO_PATIENCE_MS });
    if (code === 0) return;
    const { stdout } = await host.try('tail -n 20 /run/block.log');
    throw new Error(`status ${code} at ${place} of\n${script}\n${stdout}`);
  }

  private check(place: string, script: string): Promise<void> {
    return this.host(place).holds(
      `"${script.trim()}" at ${place}`,
      `set -e\n${blockOf(script)}`,
      CHECK_PATIENCE_MS,
    );
  }

  /** What the reader fills in, filled in. */
  private async filledIn(script: string): Promise<string> {
    let filled = script;
    for (const [word, meaning] of Object.entries(this.scene.words ?? {})) {
      if (!script.includes(word)) continue;
      const value =
        typeof meaning === 'string' ? meaning : (await this.host(meaning.host).sh(meaning.script)).trim();
      filled = filled.replaceAll(word, value);
    }
    return filled;
  }

  /** The last lines of every program's log. */
  lastWords(): string {
    return [...this.hosts].map(([name, host]) => host.lastWords(name)).join('\n');
  }

  async remove(): Promise<void> {
    await Promise.all(this.started.reverse().map((started) => started.stop('SIGKILL')));
    await this.lab.remove();
  }

  private host(name: string): ProgramHost {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`the page names a host ${name}, which its scene has not`);
    return host;
  }

  private namespaceOf(name: string): string {
    return this.lab.hosts[this.scene.hosts.indexOf(name)].namespace;
  }

  private async addHost(name: string, packages: string): Promise<void> {
    const folder = join(this.lab.folder, name);
    const track = (started: LabProcess) => this.started.push(started);
    const host = await ProgramHost.make(this.namespaceOf(name), name, packages, folder, track);
    this.hosts.set(name, host);
    await host.sh(INSTALL);
  }

  private async plug(one: End, other: End): Promise<void> {
    const [near, far] = [one, other].map(({ host }) => this.namespaceOf(host));
    await run('ip', [
      ...['link', 'add', one.device, 'netns', near, 'type', 'veth'],
      ...['peer', 'name', other.device, 'netns', far],
    ]);
    for (const { host, device, address, gateway } of [one, other]) {
      const lines = [`link set ${device} up`];
      if (address) lines.push(`address add ${address} dev ${device}`);
      if (gateway)
        lines.push(`route add default via ${gateway.address} dev ${device} metric ${gateway.metric} onlink`);
      await run('ip', ['-n', this.namespaceOf(host), '-batch', '-'], { input: `${lines.join('\n')}\n` });
    }
  }
}

/** A block in a shell of its own. What stays in the background must not keep its output open. */
function blockOf(script: string): string {
  return `cd /root\n( ${script.trimEnd()}\n) < /dev/null > /run/block.log 2>&1`;
}
