import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { needsRoot } from './root.js';

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), 'octolink-native-'));
const socketPath = join(directory, 'socket');
const server = createServer();

beforeAll(() => new Promise<void>((resolve) => server.listen(socketPath, resolve)));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

/** Runs a script in a process of its own, with `native` loaded; what it printed. */
function inChild(script: string): string {
  const binding = new URL('../../src/native/binding.js', import.meta.url).href;
  const source = `import { readFileSync } from 'node:fs';
    import { loadNative } from '${binding}';
    const native = loadNative();
    ${script}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' }).trim();
}

test('the clock counts microseconds since boot', () => {
  const uptime = Number(execFileSync('cat', ['/proc/uptime'], { encoding: 'utf8' }).split(' ')[0]) * 1e6;
  const first = native.now();
  expect(first).toBeGreaterThanOrEqual(uptime);
  expect(native.now()).toBeGreaterThanOrEqual(first);
});

test('whole pages are given back, and read as zero', () => {
  const script = `const size = 64 << 20;
    const arena = new Uint8Array(size).fill(7);
    const resident = () => Number(/^VmRSS:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) >> 10;
    const before = resident();
    native.discard(arena, 100, size - 200);
    console.log(before - resident() > 60, arena[99], arena[100], arena[size >> 1], arena[size - 100], arena[size - 1]);`;
  expect(inChild(script)).toMatch(/^true 7 [07] 0 [07] 7$/);
  expect(() => native.discard(new Uint8Array(10), 8, 4)).toThrow(RangeError);
});

test.runIf(existsSync('/sys/kernel/mm/transparent_hugepage'))(
  'pages stay small, of shared memory too',
  () => {
    const script = `const memory = new Uint8Array(new SharedArrayBuffer(64 << 20));
    const areas = () => readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-)/m);
    const small = () => areas().some((area) => /^Size: +6[0-9]{4} kB/m.test(area) && / nh\\b/.test(area));
    const before = small();
    native.keepPagesSmall(memory);
    console.log(before, small(), memory[1 << 20]);`;
    expect(inChild(script)).toBe('false true 0');
    native.keepPagesSmall(new Uint8Array(10));
  },
);

test('the credentials of a peer are those of its process', async () => {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(socketPath);
  const socket = await accepted;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  expect(native.peerCredentials(fd)).toEqual({
    pid: process.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
  client.destroy();
  socket.destroy();
});

test('a service manager that is not there is an error', () => {
  expect(() => native.notify(join(directory, 'nobody'), 'READY=1')).toThrow('ENOENT');
  expect(() => native.notify('@octolink-nobody', 'READY=1')).toThrow('ECONNREFUSED');
  expect(() => native.notify(socketPath, 'READY=1')).toThrow('EPROTOTYPE');
  expect(() => native.notify('', 'READY=1')).toThrow('ENAMETOOLONG');
  expect(() => native.notify('x'.repeat(200), 'READY=1')).toThrow('ENAMETOOLONG');
});

test('a message carries a bounded number of descriptors', () => {
  const many = new Int32Array(17);
  expect(() => native.notify('@octolink-nobody', 'FDSTORE=1', many)).toThrow('too many descriptors');
  expect(() => native.notify('@octolink-nobody', 'FDSTORE=1', many.subarray(0, 16))).toThrow('ECONNREFUSED');
});

test('the lock of a folder is held by one open file of it at a time', () => {
  const [one, other] = [openSync(directory, 'r'), openSync(directory, 'r')];
  expect([native.lockFile(one), native.lockFile(other)]).toEqual([true, false]);
  closeSync(one);
  expect(native.lockFile(other)).toBe(true);
  closeSync(other);
  expect(() => native.lockFile(-1)).toThrow('EBADF');
});

test('an unknown interface has no index', () => {
  expect(native.ifindex('lo')).toBeGreaterThan(0);
  expect(() => native.ifindex('no-such-dev')).toThrow('ENODEV');
});

test('core dumps are forbidden', () => {
  const limits = inChild(`native.forbidCoreDumps();
    console.log(readFileSync('/proc/self/limits', 'utf8'));`);
  expect(limits).toMatch(/Max core file size +0 +0 /);
});

test('scheduling takes known classes only', () => {
  expect(() => native.setScheduling('idle' as 'other', 0)).toThrow(RangeError);
  expect(() => native.setScheduling('round-robin', 1000)).toThrow('EINVAL');
});

test('the calling thread becomes real-time and ordinary again', (context) => {
  needsRoot(context);
  // Field 41 of stat is the policy; the name in parentheses is field 2 and has no blank here.
  const policies =
    inChild(`const policy = () => readFileSync('/proc/thread-self/stat', 'utf8').split(' ')[40];
    native.setScheduling('round-robin', 5);
    const realTime = policy();
    native.setScheduling('other', 0);
    console.log(realTime, policy());`);
  expect(policies).toBe('2 0');
});

/** The slice in ns that the kernel notes of a task, by the text of its /proc/PID/sched; absent before Linux 6.6. */
const SLICE = /se\.slice +: +(\d+)/;

function needsSlices(context: TestContext): void {
  const [major, minor] = release().split('.').map(Number);
  const known = existsSync('/proc/self/sched') && SLICE.test(readFileSync('/proc/self/sched', 'utf8'));
  if (!known || major < 6 || (major === 6 && minor < 12))
    context.skip('the kernel lets no thread choose its slice');
}

test('a thread asks for its slice and keeps it, and its helpers ask for the same', (context) => {
  needsSlices(context);
  const slices = inChild(`import { readdirSync } from 'node:fs';
    const of = (task, file) => readFileSync('/proc/self/task/' + task + '/' + file, 'utf8');
    const sliceOf = (task) => task === undefined ? undefined : ${SLICE}.exec(of(task, 'sched'))[1];
    const helper = () => readdirSync('/proc/self/task').find((task) => of(task, 'comm').startsWith('octo-helper'));
    native.setSlice(300);
    native.setScheduling('other', 0);
    native.setHelpers(1);
    // It asks soon after it has begun, which needs a processor.
    const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    for (let looks = 0; looks < 20_000 && sliceOf(helper()) !== '300000'; looks++) pause();
    console.log(sliceOf(process.pid), sliceOf(helper()));
    native.setHelpers(0);`);
  expect(slices).toBe('300000 300000');
});

test('a slice is what the kernel can give', () => {
  for (const us of [-1, 0, 99, 100_001]) expect(() => native.setSlice(us)).toThrow(RangeError);
});
