/** Captures of running daemons, as an administrator takes them with the CLI. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { ControlConnection } from '../../scripts/lab/control.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import { CAPTURE_POINTS, type CapturedPacket, type CapturePoint } from '../../src/api/index.js';
import { type Node, type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { ethernet, sendFrames } from './raw.js';
import { answered, needsLab, pingRound } from './support.js';

const PATIENCE_MS = 20_000;

let lab: Lab;
let site: Site | undefined;
let node: Node;

beforeEach(async (context) => {
  needsLab(context);
  if (site !== undefined) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 6 }] });
  site = await startSite(lab);
  node = site.nodes[0];
  await waitAllUp(site, 2);
});
afterEach((context: TestContext) => tellOnFailure(context, site));
afterAll(() => lab?.remove());

const far = lanAddress(2);
const inHost = () => lab.hosts[0].namespace;

async function captureEvents() {
  return (await node.call('show.events', {})).filter(({ kind }) => kind === 'capture');
}

/** Pings until a command has ended. */
async function whilePinging<T>(command: Promise<T>): Promise<T> {
  let ended = false;
  const result = command.finally(() => {
    ended = true;
  });
  while (!ended) await pingRound(inHost(), far, 5);
  return result;
}

it('a frame is a line at each point of its way; the sealed datagram shows nothing of it', async () => {
  const seen = new Map<CapturePoint, CapturedPacket[]>();
  const wanted = CAPTURE_POINTS.filter((point) => point !== 'drops');
  const lines = await whilePinging(
    node.cli(`monitor capture ${wanted.join(' ')} count 400 | json`).then((text) => text.trim().split('\n')),
  );
  expect(lines).toHaveLength(400);
  for (const packet of lines.map((line) => JSON.parse(line) as CapturedPacket)) {
    seen.set(packet.point, [...(seen.get(packet.point) ?? []), packet]);
  }
  expect([...seen.keys()].sort()).toEqual([...wanted].sort());
  const ofPing = (point: CapturePoint) => seen.get(point)?.filter(({ text }) => text.includes('ICMP')) ?? [];
  for (const point of ['tap-in', 'tap-out', 'switch', 'peer-in', 'peer-out'] as const) {
    expect(ofPing(point).length, point).toBeGreaterThan(0);
  }
  expect(ofPing('peer-out')[0]).toMatchObject({ peer: 'h2', direction: 'out', form: 'ethernet', length: 98 });
  expect(ofPing('switch').some(({ to }) => to !== null)).toBe(true);
  expect(ofPing('link-out')).toEqual([]);
  const underlay = seen.get('link-out')?.map(({ text }) => text) ?? [];
  expect(
    underlay.every((text) => / port \d+ > .* port \d+, UDP$/.test(text)),
    underlay[0],
  ).toBe(true);
  // Ends with the capture are told, with who it was.
  expect((await captureEvents()).slice(-2)).toMatchObject([
    { what: 'started', by: 'root', interface: 'octo0' },
    { what: 'ended', packets: 400 },
  ]);
});

it('a file is pcapng that tshark reads, filtered by what was asked for', async (context) => {
  if (spawnSync('tshark', ['--version']).error) context.skip('tshark is not installed');
  const file = join(node.folder, 'pings.pcapng');
  const result = await whilePinging(
    node.tryCli(`monitor capture all count 60 file ${file} filter icmp and host ${far}`),
  );
  expect(result.stderr).toBe('60 packets captured, 0 missed\n');
  const fields = [
    'icmp.type',
    'icmp.checksum.status',
    'frame.interface_name',
    'frame.packet_flags_direction',
  ];
  const words = ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const { stdout, stderr } = spawnSync('tshark', words, { encoding: 'utf8' });
  const rows = stdout.trim().split('\n');
  expect(rows, stderr).toHaveLength(60);
  for (const row of rows) {
    expect(row).toMatch(/^(8\t1\tocto0 (tap-in|switch|peer-out)\t|0\t1\tocto0 (peer-in|switch|tap-out)\t)/);
  }
  const points = rows.map((row) => row.split('\t')[2].split(' ')[1]);
  expect([...new Set(points)].sort()).toEqual(['peer-in', 'peer-out', 'switch', 'tap-in', 'tap-out']);
});

it('the standard output carries pcapng, whose packets come while it runs', async () => {
  const sections = await whilePinging(node.tryCli('monitor capture link-out count 50 file -'));
  expect(sections.code).toBe(0);
  expect(Buffer.from(sections.stdout, 'latin1').readUInt32LE(0)).toBe(0x0a0d0d0a);
});

it('what is dropped is told with the reason and the head of the frame', async () => {
  const frame = ethernet('01:80:c2:00:00:02', '02:00:00:00:77:01', 0x8809, Buffer.alloc(50));
  let ended = false;
  const line = node.cli('monitor drops json | head 1').finally(() => {
    ended = true;
  });
  while (!ended) await sendFrames(lab, 1, 'octo0', [frame]);
  expect(JSON.parse(await line)).toMatchObject({
    reason: 'reserved-group',
    direction: 'out',
    verdict: 'drop',
    text: '02:00:00:00:77:01 > 01:80:c2:00:00:02, ethertype 0x8809',
    length: 64,
    unshown: 0,
  });
  const drops = await node.call('show.drops', {});
  expect(drops.find(({ reason }) => reason === 'reserved-group')).toMatchObject({
    reason: 'reserved-group',
    example: {
      peer: null,
      direction: 'out',
      length: 64,
      text: expect.stringContaining('> 01:80:c2:00:00:02'),
    },
  });
  expect(await node.cli('show drops')).toMatch(/Last of each:\n(?:.*\n)* {2}octo0 reserved-group, /);
});

it('a capture belongs to its connection, and ends with it', async () => {
  const before = (await captureEvents()).length;
  const one = await ControlConnection.open(node.socket);
  const { id } = await one.call('capture.open', { points: ['tap-in'] });
  const asked = { id, limit: 10, waitMs: 0, form: 'bytes' } as const;
  await expect(node.call('capture.read', asked)).rejects.toThrow(`no capture ${id}`);
  expect(await answered(inHost(), far)).toBe(3);
  await until(
    'its own connection to read it',
    async () => (await one.call('capture.read', asked)).packets.length > 0,
    PATIENCE_MS,
  );
  one.close();
  await until(
    'the capture to end with its connection',
    async () => (await captureEvents()).length === before + 2,
    PATIENCE_MS,
  );
});

it('limits that would show nothing are refused with the reason', async () => {
  const before = await captureEvents();
  const refusal = async (command: string) => (await node.tryCli(command)).stderr;
  expect(await refusal('monitor capture')).toContain('name a point');
  expect(await refusal('monitor capture tap-in peer h2')).toContain('at tap-in no peer is known');
  expect(await refusal('monitor capture switch peer h2 link 0')).toContain('at switch no link is known');
  expect(await refusal('monitor capture link-in filter tcp')).toContain('datagrams are sealed');
  expect(await refusal('monitor capture tap-in filter host')).toContain('in the filter it ends');
  expect(await refusal('monitor capture tap-in file /nowhere/x.pcapng')).toContain(
    'cannot write /nowhere/x.pcapng',
  );
  expect(await captureEvents()).toEqual(before);
  expect(readFileSync(node.logFile, 'utf8')).not.toContain('internal error');
});

it('ends with the peer that it is limited to, and says so', async () => {
  const before = (await captureEvents()).length;
  const capture = node.tryCli('monitor capture peer-in peer h2 filter udp port 1');
  await until('it to begin', async () => (await captureEvents()).length > before, PATIENCE_MS);
  await node.configure('interface octo0', 'no peer h2');
  expect(await capture).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('peer h2 of octo0 is gone'),
  });
});

it('ends with its daemon, and says so', async () => {
  const before = (await captureEvents()).length;
  const capture = node.tryCli('monitor capture drops');
  await until('it to begin', async () => (await captureEvents()).length > before, PATIENCE_MS);
  await node.daemon.stop();
  expect(await capture).toMatchObject({ code: 69, stderr: expect.stringContaining('closed the connection') });
});
