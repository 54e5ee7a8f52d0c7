import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLEAN } from '../../scripts/lab/impair.js';
import { Lab } from '../../scripts/lab/lab.js';
import { isAlive, labFolder, namespacesOf, removeStaleLabs } from '../../scripts/lab/namespaces.js';
import { until } from '../../scripts/lab/run.js';
import { answered, needsLab, pingRound } from './support.js';

const PATIENCE_MS = 20_000;
const LAB_MODULE = fileURLToPath(new URL('../../scripts/lab/lab.js', import.meta.url));

describe('a lab', () => {
  let lab: Lab | undefined;

  beforeEach(async (context) => {
    needsLab(context);
    lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 6, mtu: 1400 }] });
  });
  afterEach(async () => {
    await lab?.remove();
    lab = undefined;
  });

  const reaches = (from: number, underlay: number, to: number) =>
    answered(lab!.hosts[from - 1].namespace, lab!.attachment(to, underlay).address);

  it('joins every host over every underlay, IPv4 and IPv6', async () => {
    expect([await reaches(1, 1, 2), await reaches(1, 2, 2), await reaches(2, 2, 3)]).toEqual([3, 3, 3]);
  });

  it('gives an underlay the MTU that was asked for', async () => {
    const { device, host } = lab!.attachment(1, 2);
    expect(await lab!.run(host.index, 'cat', [`/sys/class/net/${device}/mtu`])).toBe('1400\n');
  });

  it('cuts a whole underlay silently: nothing passes, and every carrier stays up', async () => {
    await lab!.impair(1, { ...CLEAN, blackHole: true });
    expect([await reaches(1, 1, 2), await reaches(2, 1, 3), await reaches(1, 2, 2)]).toEqual([0, 0, 3]);
    expect(await lab!.run(1, 'cat', ['/sys/class/net/u1/operstate'])).toBe('up\n');
    await lab!.impair(1, CLEAN);
    await until('h1 to reach h2 again', async () => (await reaches(1, 1, 2)) === 3, PATIENCE_MS);
  });

  it('cuts one pair of hosts and leaves the others alone', async () => {
    await lab!.impair(1, { ...CLEAN, blackHole: [[1, 2]] });
    expect([await reaches(1, 1, 2), await reaches(2, 1, 1), await reaches(1, 1, 3)]).toEqual([0, 0, 3]);
  });

  it('loses about the share of packets that was asked for', async () => {
    expect(await reaches(1, 1, 2)).toBe(3); // so that no address needs to be resolved while packets are lost
    await lab!.impair(1, { ...CLEAN, lossPermille: 500 });
    // A round trip passes twice: a quarter of 400 is 100, and 40–180 is more than six deviations away.
    const got = await pingRound(lab!.hosts[0].namespace, lab!.attachment(2, 1).address, 400);
    expect(got).toBeGreaterThan(40);
    expect(got).toBeLessThan(180);
  });

  it('keeps the IPv6 address of a device that went down and up', async () => {
    await lab!.setDevice(1, 2, 'down');
    expect(await reaches(1, 2, 2)).toBe(0);
    await lab!.setDevice(1, 2, 'up');
    await until('h1 to be back', async () => (await reaches(1, 2, 2)) === 3, PATIENCE_MS);
  });

  it('refuses a second lab in the same process', async () => {
    await expect(Lab.build({ hosts: 2, underlays: [] })).rejects.toThrow('already');
  });

  it('ends its programs and removes its namespaces and folder', async () => {
    const sleeper = lab!.start(1, 'sleep', ['1000']);
    sleeper.output.resume();
    await lab!.remove();
    expect([sleeper.running, namespacesOf(process.pid), existsSync(labFolder(process.pid))]).toEqual([
      false,
      [],
      false,
    ]);
  });
});

describe('a lab on a direct cable', () => {
  it('loses packets where they are received', async (context) => {
    needsLab(context);
    const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
    try {
      const target = lab.attachment(2, 1).address;
      expect(await answered(lab.hosts[0].namespace, target)).toBe(3);
      await lab.impair(1, { ...CLEAN, blackHole: true });
      expect(await answered(lab.hosts[0].namespace, target)).toBe(0);
    } finally {
      await lab.remove();
    }
  });
});

describe('a lab whose owner is ended', () => {
  /** A process that builds a lab with a program in it and prints that program's id, once it is there. */
  function startOwner(): ChildProcess {
    const script =
      `const { Lab } = await import(${JSON.stringify(LAB_MODULE)});` +
      'const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });' +
      "const sleeper = lab.start(1, 'sh', ['-c', 'echo here; exec sleep 1000']);" +
      "sleeper.output.once('data', () => console.log(sleeper.pid)); setInterval(() => {}, 1000);";
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async function firstLine(owner: ChildProcess): Promise<string> {
    for await (const line of createInterface({ input: owner.stdout! })) return line;
    throw new Error('the owner ended without a word');
  }

  /** A zombie has ended, though its id is still taken. */
  function hasEnded(pid: number): boolean {
    return !isAlive(pid) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  }

  const ended = (owner: ChildProcess) =>
    new Promise<number | null>((resolve) => owner.once('exit', (code) => resolve(code)));

  beforeEach(needsLab);

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s is removed by it, with its programs', async (signal, status) => {
    const owner = startOwner();
    const over = ended(owner);
    const sleeper = Number(await firstLine(owner));
    expect(namespacesOf(owner.pid!)).toHaveLength(3);
    owner.kill(signal);
    expect(await over).toBe(status);
    expect(namespacesOf(owner.pid!)).toEqual([]);
    await until('the program to end', () => hasEnded(sleeper), PATIENCE_MS);
  });

  it('by SIGKILL is removed by the next run', async () => {
    const owner = startOwner();
    const over = ended(owner);
    const sleeper = Number(await firstLine(owner));
    expect(namespacesOf(owner.pid!)).toHaveLength(3);
    owner.kill('SIGKILL');
    await over;
    // By this run, or by another one that began a lab at this moment.
    removeStaleLabs();
    await until('its namespaces to be gone', () => namespacesOf(owner.pid!).length === 0, PATIENCE_MS);
    await until('the program to end', () => hasEnded(sleeper), PATIENCE_MS);
  });
});
