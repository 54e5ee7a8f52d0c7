/** Remote ends that are host names: found, changed, gone, and with a name server that is dead. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder } from '../../../scripts/lab/lab.js';
import { until } from '../../../scripts/lab/run.js';
import { needsLab } from '../support.js';
import { type CableOptions, Cables } from './cables.js';

const NAME = 'gw.example';
/** A name is looked up again at most 15 s and a fifth of that after a failure; the rest is for a busy machine. */
const RESOLVED_WITHIN_MS = 40_000;

let cables: Cables;

beforeEach(needsLab);
afterEach(async (context) => {
  await cables?.remove(context);
});

/** What name server and hosts file say at host 1; null: the name server does not answer. */
class Names {
  private constructor(readonly folder: string) {}

  /** Lets the daemon of host 1 see a hosts file and a resolv.conf of its own, and starts the name server. */
  static async build(zone: Record<string, string[]> | null, options: CableOptions): Promise<Names> {
    let names: Names | undefined;
    cables = await Cables.build({
      ...options,
      prepare: async ({ lab }) => {
        names = new Names(hostFolder(lab, 1));
        names.say(zone);
        names.write('hosts', '127.0.0.1 localhost\n');
        names.write('resolv.conf', 'nameserver 127.0.0.1\n');
        const server = lab.start(1, process.execPath, [
          join(import.meta.dirname, 'name-server.js'),
          names.file('zone'),
        ]);
        await new Promise((resolve) => server.output.once('data', resolve));
      },
      dress: (node) => {
        if (node.host !== 1) return;
        const mounts = ['hosts', 'resolv.conf'].map(
          (name) => `mount --bind ${join(node.folder, name)} /etc/${name}`,
        );
        node.wrapper = ['unshare', '-m', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh'];
      },
    });
    return names as Names;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  say(zone: Record<string, string[]> | null): void {
    this.write('zone', JSON.stringify(zone));
  }

  wasAsked(): Promise<void> {
    return until(
      'the name server to be asked',
      () => existsSync(this.file('zone.asked')),
      RESOLVED_WITHIN_MS,
    );
  }
}

/** Host 1 calls by the name, and host 2 waits to be called. */
const byName = (host: number, link: number) => {
  if (link !== 0) return {};
  return host === 1 ? { remote: `${NAME} port 7700` } : { local: 'any', remote: 'dynamic' };
};

/** Waits until link 0 of host 1 has a state and a cause. */
function isNow(state: string, cause: string): Promise<void> {
  const known = async () => {
    const found = await cables.linkOf(1, 0);
    return found.state === state && found.cause === cause;
  };
  return until(`the link to be ${state}: ${cause}`, known, RESOLVED_WITHIN_MS);
}

describe('a name', () => {
  it('brings its link up over IPv6, which says name and address', async () => {
    await Names.build(
      { [NAME]: ['fd00:1::2'] },
      { families: [6], ends: (host, link) => ({ ...byName(host, link), local: 'any' }) },
    );
    await cables.isUp(0);
    expect(await cables.linkOf(1, 0)).toMatchObject({
      remote: '[fd00:1::2]:7700',
      remoteLearned: false,
      remoteName: { name: NAME, addresses: ['fd00:1::2'], problem: null },
    });
    expect(await cables.node(1).cli('show links')).toContain(`${NAME} (fd00:1::2)`);
    expect(await cables.node(1).cli('show peers h2')).toContain(`Remote name ${NAME}: fd00:1::2`);
  });

  it('with several addresses leads to the one that answers', async () => {
    await Names.build(
      { [NAME]: ['10.1.0.77', 'fd00:1::77', '10.1.0.2'] },
      { families: [4], ends: (host, link) => ({ ...byName(host, link), local: 'any' }) },
    );
    await cables.isUp(0);
    expect(await cables.linkOf(1, 0)).toMatchObject({ remote: '10.1.0.2:7700', remoteLearned: false });
  });

  it('is looked up again when the peer does not answer, and followed', async () => {
    const names = await Names.build({ [NAME]: ['10.1.0.2'] }, { families: [4], ends: byName });
    await cables.isUp(0);
    // The peer comes back elsewhere, and cannot know where we are.
    await cables.node(2).stop();
    await cables.removeAddress(2, 0);
    await cables.addAddress(2, 0, 22);
    names.say({ [NAME]: ['10.1.0.22'] });
    await cables.node(2).start();
    await until(
      'the link to be up at the new address',
      async () => {
        const { state, remote } = await cables.linkOf(1, 0);
        return state === 'up' && remote === '10.1.0.22:7700';
      },
      RESOLVED_WITHIN_MS,
    );
    const events = await cables.node(1).cli('show events');
    expect(events.replace(/\s+/g, ' ')).toContain(`link 0 ${NAME} is 10.1.0.22 (was 10.1.0.2)`);
  });

  it('that leads elsewhere does not take a link from where it works', async () => {
    const names = await Names.build({ [NAME]: ['10.1.0.2'] }, { families: [4], ends: byName });
    await cables.isUp(0);
    const { transitions } = await cables.linkOf(1, 0);
    names.say({ [NAME]: ['10.1.0.77'] });
    const known = async () => (await cables.linkOf(1, 0)).remoteName?.addresses[0] === '10.1.0.77';
    await until('the new address to be known', known, RESOLVED_WITHIN_MS);
    expect(await cables.linkOf(1, 0)).toMatchObject({ state: 'up', remote: '10.1.0.2:7700', transitions });
    names.say({});
    await until(
      'it to have none',
      async () => (await cables.linkOf(1, 0)).remoteName?.problem !== null,
      RESOLVED_WITHIN_MS,
    );
    expect(await cables.linkOf(1, 0)).toMatchObject({ state: 'up', remote: '10.1.0.2:7700', transitions });
  });

  it('that nobody knows is waited for, and stalls nothing; the hosts file goes before a dead name server', async () => {
    const names = await Names.build(null, { families: [4, 4], ends: byName });
    await names.wasAsked();
    await cables.isUp(1);
    // Files are read and written by the threads that a look-up by the C library would hold.
    await cables.node(1).cli('configure terminal', 'interface octo0', 'description x', 'end', 'write memory');
    await isNow('waiting', `${NAME}: no address (no name server answers)`);
    names.say({});
    await isNow('waiting', `${NAME}: no address (NXDOMAIN)`);
    expect(await cables.node(1).cli('show events | json')).toContain(
      `waiting: ${NAME}: no address (NXDOMAIN)`,
    );
    names.say(null);
    names.write('hosts', `127.0.0.1 localhost\n10.1.0.2 other ${NAME.toUpperCase()} # ours\n`);
    await cables.isUp(0, RESOLVED_WITHIN_MS / 1000);
  });

  it('can be another one while the link runs, or an address again', async () => {
    await Names.build(
      { [NAME]: ['10.1.0.2'], 'other.example': ['10.1.0.2'] },
      { families: [4], ends: byName },
    );
    await cables.isUp(0);
    await cables.configure(1, 0, 'remote nowhere.example');
    const problem = async () => (await cables.linkOf(1, 0)).remoteName?.problem === 'no address (NXDOMAIN)';
    await until('the name to have no address', problem, RESOLVED_WITHIN_MS);
    await cables.configure(1, 0, 'remote other.example:7700');
    await cables.isUp(0);
    await cables.configure(1, 0, 'remote 10.1.0.2:7700');
    await cables.isUp(0);
    expect(await cables.linkOf(1, 0)).toMatchObject({ remote: '10.1.0.2:7700', remoteName: null });
  });
});
