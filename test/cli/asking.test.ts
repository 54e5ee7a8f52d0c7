import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import type { LinkStatus } from '../../src/api/index.js';
import { blockOf } from '../../src/cli/output/blocks.js';
import { TopModel, type TopView } from '../../src/cli/output/top.js';
import { type FakeDaemon, octolink, startFakeDaemon } from './run.js';

let daemon: FakeDaemon;

beforeAll(async () => {
  daemon = await startFakeDaemon();
});
afterAll(() => daemon.stop());

const run = (args: string[], input = '') => octolink(args, input, daemon.socket);

describe('a script', () => {
  it('waits for an interface as for peers and links', async () => {
    const { code, out } = await run(['wait', 'interface', 'octo0', 'up', 'timeout', '5']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^interface octo0 is up after \d+ ms\n$/)]);
  });

  it('follows events as a stream, an object a line, until it has enough', async () => {
    const env = { ...process.env, OCTOLINK_SOCKET: daemon.socket };
    const child = spawn(process.execPath, [OCTOLINK, 'monitor', 'events', '|', 'json'], { env });
    try {
      const heard = once(child.stdout, 'data');
      // The stream may begin after the first event; there are more.
      let done = false;
      void heard.then(() => {
        done = true;
      });
      while (!done) await run(['clear', 'peer', 'osaka']);
      const [chunk] = (await heard) as [Buffer];
      const [line] = chunk.toString().split('\n');
      expect(JSON.parse(line)).toMatchObject({ kind: 'session', peer: 'osaka', what: 'ended' });
    } finally {
      child.kill('SIGINT');
    }
    expect((await once(child, 'close'))[0]).toBe(130);
  });

  it('reads what has happened', async () => {
    await run(['clear', 'peer', 'osaka']);
    const { out } = await run(['show', 'events', 'last', '1']);
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} octo0 peer osaka session ended\n$/);
    expect(JSON.parse((await run(['-j', 'show', 'events', 'peer', 'nobody'])).out)).toEqual([]);
  });

  it('gets a report of everything, and a part that fails costs no other', async () => {
    const { code, out } = await run(['-c', 'show tech-support']);
    expect(code).toBe(0);
    for (const part of ['show version', 'show peers', 'show users'])
      expect(out).toContain(`------ ${part} ------`);
  });

  it('sees who is connected, itself marked', async () => {
    const clients = JSON.parse((await run(['-j', 'show', 'users'])).out) as {
      own: boolean;
      client: string;
    }[];
    expect(clients.filter(({ own }) => own)).toEqual([expect.objectContaining({ client: 'octolink 0.1.0' })]);
  });

  it('may be limited in time, in rights and in reach', async () => {
    const late = await run(['-T', '1', '-c', 'wait peer never up timeout 60']);
    expect([late.code, late.err]).toEqual([1, '% Error: timed out after 1 s\n']);
    const reading = await run(['-r', '-c', 'clear counters']);
    expect([reading.code, reading.err]).toEqual([
      77,
      expect.stringContaining('% Command authorization failed'),
    ]);
    expect((await run(['-r', '-'], 'hostname kyoto\n')).code).toBe(77);
    const restricted = await run(['-R', '-c', 'show version | redirect /tmp/octolink-must-not-be']);
    expect([restricted.code, restricted.err]).toEqual([77, expect.stringContaining('may not write files')]);
    expect((await run(['-R', '-f', '/etc/hostname'])).code).toBe(64);
  });

  it('tells when each command ran, if asked', async () => {
    const { out } = await run(['-t', '-c', 'show privilege']);
    expect(out).toMatch(/^# \d{4}-\d\d-\d\dT[\d:.]+Z show privilege\nRole: admin \(privilege level 15\)\n$/);
  });

  it('runs what SSH was asked to run, and nothing that a shell would make of it', async () => {
    const env = { ...process.env, OCTOLINK_SOCKET: daemon.socket };
    const ask = async (command: string) => {
      const child = spawn(process.execPath, [OCTOLINK], { env: { ...env, SSH_ORIGINAL_COMMAND: command } });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      const [code] = await once(child, 'close');
      return { code, out };
    };
    expect(await ask('show privilege')).toEqual({ code: 0, out: 'Role: admin (privilege level 15)\n' });
    expect(await ask('show privilege; id')).toEqual({ code: 2, out: '' });
    expect(await ask('show version | tee /tmp/octolink-must-not-be')).toEqual({ code: 77, out: '' });
  });
});

describe('a block of the configuration', () => {
  const lines = [
    'interface a',
    ' peer x',
    '  policy active',
    ' exit',
    'exit',
    'interface b',
    ' peer x',
    ' exit',
    'exit',
  ];

  it('is found by the headers that lead to it', () => {
    expect(blockOf(lines, ['interface a', 'peer x'])).toEqual([' peer x', '  policy active', ' exit']);
    expect(blockOf(lines, ['interface b'])).toEqual(lines.slice(5));
    expect(blockOf(lines, [])).toEqual(lines);
    expect(blockOf(lines, ['interface b', 'peer y'])).toBeNull();
  });
});

describe('top', () => {
  const link = (peer: string, id: number, txBytes: number, rttUs: number): LinkStatus =>
    ({
      interface: 'octo0',
      peer,
      link: id,
      state: 'up',
      active: id === 0,
      txBytes,
      rxBytes: 0,
      rttLastUs: rttUs,
      rttSmoothedUs: rttUs,
      lossOutPermille: 0,
      lossInPermille: 0,
    }) as LinkStatus;
  const view: TopView = {
    sort: 'peer',
    reversed: false,
    skip: 0,
    hostname: 'tokyo',
    paused: false,
  };

  it('shows rates between two looks, and round-trip times as they went', () => {
    const model = new TopModel();
    model.look([link('osaka', 0, 0, 1000), link('kyoto', 0, 0, 2000)], 0);
    model.look([link('osaka', 0, 125_000, 3000), link('kyoto', 0, 0, 2000)], 1000);
    const lines = model.lines(view, 80, 24, '12:00:00');
    expect(lines[0]).toMatch(/^tokyo: 2 of 2 peers up, 2 of 2 links up +12:00:00$/);
    expect(lines[1]).toContain('Tx 1.00 Mbit/s');
    expect(lines.slice(4)).toEqual([
      expect.stringMatching(/^kyoto +0 +up\* +0 +0 +0\.0\/0\.0 +2\.000 +2\.000 +██$/),
      expect.stringMatching(/^osaka +0 +up\* +1\.00M +0 +0\.0\/0\.0 +3\.000 +3\.000 +▃█$/),
    ]);
    expect(model.lines({ ...view, sort: 'rate' }, 80, 24, '')[4]).toMatch(/^osaka/);
    expect(model.lines({ ...view, reversed: true }, 80, 24, '')[4]).toMatch(/^osaka/);
    expect(model.lines({ ...view, skip: 1 }, 80, 24, '')[4]).toMatch(/^osaka/);
  });

  it('shows no rate when the counters started over, and keeps to the height', () => {
    const model = new TopModel();
    const many = (bytes: number) => Array.from({ length: 50 }, (_, n) => link(`p${n}`, 0, bytes, 1));
    model.look(many(1000), 0);
    model.look(many(0), 1000);
    const lines = model.lines(view, 80, 10, '');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines[4]).toMatch(/^p0 +0 +up\* +- +0/);
  });
});
