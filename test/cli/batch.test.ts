import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { EXAMPLE } from '../control/fixtures.js';
import { runLines } from './in-process.js';
import { type FakeDaemon, octolink, startFakeDaemon } from './run.js';

let daemon: FakeDaemon;
let folder: string;

beforeAll(async () => {
  daemon = await startFakeDaemon();
  folder = await mkdtemp(join(tmpdir(), 'octolink-cli-'));
});
afterAll(async () => {
  await daemon.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (args: string[], input = '') => octolink(args, input, daemon.socket);

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('a restricted session', () => {
  it.each(['show version', 'watch show version', 'watch 1 show clock'])(
    'writes no file by %s',
    async (command) => {
      for (const stage of ['redirect', 'append', 'tee']) {
        const target = join(folder, 'out-of-reach');
        const result = await run(['-R', '-c', `${command} | ${stage} ${target}`]);
        expect(result).toEqual({
          code: 77,
          out: '',
          err: '% Error: a restricted user may not write files\n',
        });
        expect(existsSync(target)).toBe(false);
      }
    },
  );
});

describe('one command', () => {
  it('runs as words, as -c and from the standard input alike', async () => {
    const results = await Promise.all([
      run(['show', 'version']),
      run(['-c', 'show version']),
      run([], 'show version\n'),
      run(['-'], 'show version'),
      run(['-f', '-'], 'show version\n'),
    ]);
    for (const result of results) {
      expect(result).toEqual({ ...results[0], code: 0, err: '' });
      expect(result.out).toContain('Octolink 0.1.0, wire version 1');
    }
  });

  it.each([
    'show version',
    'show interfaces',
    'show interfaces brief',
    'show peers',
    'show peers summary',
    'show peer osaka',
    'show links',
    'show links history',
    'show links history peer osaka link 0 hours',
    'show metrics',
    'show mac-table',
    'show mac-table vlan 12 peer osaka address 02:* state dynamic limit 5',
    'show mac-table count local',
    'show counters',
    'show counters nonzero',
    'show drops',
    'show running-config',
    'show startup-config',
    'show system',
  ])('%s prints text within 80 columns, and JSON', async (command) => {
    const [text, json] = await Promise.all(
      [command, `${command} | json`].map((line) => runLines(daemon.socket, [line])),
    );
    expect(text.code).toBe(0);
    expect(Math.max(...text.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(json.out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(json.out)).toBeTypeOf('object');
  });

  it('prints JSON for -j', async () => {
    expect(JSON.parse((await run(['-j', 'show', 'links'])).out)[0]).toMatchObject({
      peer: 'osaka',
      link: 0,
      rttSmoothedUs: 510,
    });
  });

  it('passes its output through filters', async () => {
    const { out } = await run([
      'show',
      'running-config',
      '|',
      'section',
      'link',
      '|',
      'include',
      'local|remote',
      '|',
      'head',
      '1',
    ]);
    expect(out).toBe('   local 192.0.2.10\n');
  });
});

describe('exit codes and errors', () => {
  it.each([
    [['-c', 'show peer osaka'], 0, ''],
    [['-c', 'show peer nobody'], 1, '% Error: peer nobody not found'],
    [['-c', 'ping peer never count 1'], 1, '1 sent, 0 received'],
    [['-c', 'doctor'], 0, ''],
    [['-c', 'show p'], 2, '% Ambiguous command:  "show p"'],
    [['-c', 'show'], 2, '% Incomplete command.'],
    [['-c', 'shw version'], 2, '% Unknown command: shw version\n  Did you mean "show"?'],
    [['-c', 'show version extra'], 2, "             ^\n% Invalid input detected at '^' marker."],
    [['-c', 'show version | include ['], 2, "% Bad regexp '['"],
    [['-c', 'show version | more'], 2, "% Unknown action 'more'"],
    [['-c', 'show version | head 1 | json'], 2, "% 'json' must be the first output modifier"],
    [['-x'], 64, 'unknown option -x'],
    [['-c'], 64, 'option -c needs a value'],
    [['-c', 'show version', 'show', 'version'], 64, 'in one way only'],
    [
      ['-c', 'configure terminal', '-c', 'interface octo0', '-c', 'bridge octo0'],
      65,
      '% Error: octo0 cannot be its own bridge',
    ],
    [['-s', '/nonexistent/sock', 'show', 'version'], 69, 'no daemon answers on /nonexistent/sock'],
    [['-f', '/nonexistent/file'], 1, 'cannot read /nonexistent/file'],
  ])('%j ends with %i', async (args, code, message) => {
    const result = await run(args);
    expect({ code: result.code, err: result.err }).toEqual({ code, err: expect.stringContaining(message) });
    if (code !== 0) expect(result.out).toBe('');
  });

  it('finds a daemon that is still starting, when it was told to wait', async () => {
    const socket = join(folder, 'starting.sock');
    const asking = octolink(['-s', socket, '-w', '60', 'show', 'version']);
    await symlink(daemon.socket, socket);
    expect(await asking).toMatchObject({ code: 0, out: expect.stringContaining('Octolink') });
  });

  it('stops at the first error of -c, but goes on with the standard input unless told', async () => {
    const commands = ['show nothing', 'show version'];
    expect((await run(commands.flatMap((line) => ['-c', line]))).out).toBe('');
    const goesOn = await run(['-'], commands.join('\n'));
    expect(goesOn).toMatchObject({ code: 2, out: expect.stringContaining('Octolink') });
    expect((await run(['-e', '-'], commands.join('\n'))).out).toBe('');
  });

  it('ends quietly when nobody reads any more', async () => {
    const lines = Array.from({ length: 200 }, () => 'show running-config').join('\n');
    const script = `"${process.execPath}" "${OCTOLINK}" -s "${daemon.socket}" - | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = spawn('bash', ['-c', script]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(lines);
    await once(child, 'close');
    expect({ out, err }).toEqual({ out: 'hostname tokyo\n0\n', err: '' });
  });

  it.each([
    [
      'show version >/dev/full',
      { code: 1, err: '% Error: the output cannot be written: the disk is full\n' },
    ],
    ['show nothing 2>/dev/full', { code: 1, err: '' }],
  ])('ends with an error where the disk is full: %s', async (words, { code, err }) => {
    const script = `"${process.execPath}" "${OCTOLINK}" -s "${daemon.socket}" ${words}`;
    const ended = await promisify(execFile)('sh', ['-c', script]).catch((error) => error);
    expect(ended).toMatchObject({ code, stderr: err });
  });

  it('ends with 130 when it is interrupted', async () => {
    const child = spawn(process.execPath, [OCTOLINK, '-s', daemon.socket, '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.end('show version\nwait peer never up\n');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(130);
  });
});

describe('configuration', () => {
  it('is applied from a file as a whole, with or without "configure terminal"', async () => {
    const bare = await file(
      'bare.conf',
      'interface tap1\n mtu 1400\n no shutdown\nexit\nshow interfaces interface tap1\n',
    );
    expect(await run(['-f', bare])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('MTU 1400'),
    });
    const script = await file(
      'script',
      'configure terminal\ninterface tap1\nmtu 1300\ndo show version\nend\nwrite memory\n',
    );
    expect(await run(['-f', script])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Octolink.*Wrote \d+ bytes/s),
    });
    expect((await run(['show', 'run', '|', 'section', 'tap1'])).out).toBe(
      'interface tap1\n mtu 1300\n no shutdown\n',
    );
  });

  it('is left alone when any line is wrong, and the line is named', async () => {
    const wrong = await file('wrong.conf', 'interface tap2\n mtu 1400\n mtu 5\nexit\n');
    const result = await run(['-f', wrong]);
    expect(result.code).toBe(2);
    expect(result.err).toContain(`${wrong}:3:6:\n mtu 5\n     ^\n% Invalid input`);
    expect(result.err).toContain('mtu must be 576-65521');
    const contrary = await file('contrary.conf', 'interface tap2\n mtu 1000\n address 2001:db8::1/64\n');
    expect(await run(['-f', contrary])).toMatchObject({
      code: 65,
      err: expect.stringContaining(`${contrary}:2:2: % Error: an IPv6`),
    });
    expect((await run(['show', 'run', '|', 'include', 'tap2'])).out).toBe('');
  });

  it('a block that is refused is passed over to its own exit, where a script goes on after errors', async () => {
    const lines = [
      'interface tap3',
      ' mtu 1400',
      ' peer kyoto',
      '  link 9',
      '   priority 3',
      '   mtu 1300',
      '  exit',
      '  policy active',
      ' exit',
      ' peer -bad',
      '  link 0',
      '   priority 4',
      '  exit',
      ' exit',
      'exit',
      'interface no/name',
      ' mtu 1200',
      'exit',
      'show version',
    ];
    const { code, out, err } = await run(['-'], lines.join('\n'));
    expect(code).toBe(2);
    // Places of lines that were refused stand alone; warnings follow theirs.
    expect(err.match(/^stdin:\d+(?=:\d+:$)/gm)).toEqual(['stdin:4', 'stdin:10', 'stdin:16']);
    expect(out).toContain('Octolink');
    expect((await run(['show', 'run', '|', 'section', 'tap3'])).out).toBe(
      'interface tap3\n mtu 1400\n peer kyoto\n  policy active\n exit\n',
    );
  });

  it('is checked by -C without a daemon', async () => {
    const good = await file('good.conf', EXAMPLE);
    expect(await octolink(['-C', good], '', '/nonexistent')).toEqual({ code: 0, out: '', err: '' });
    const bad = await file('bad.conf', 'interface octo0\n peer a\n link 8\n');
    expect(await octolink(['-C', bad], '', '/nonexistent')).toEqual({
      code: 65,
      out: '',
      err: `${bad}:3:7: error: Invalid input: link id must be 0-7\n`,
    });
  });
});

describe('without a daemon', () => {
  it('makes keys', async () => {
    const { out: key } = await octolink(['genkey'], '', '/nonexistent');
    expect(key).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    const { out: publicKey, code } = await octolink(['pubkey'], key, '/nonexistent');
    expect(code).toBe(0);
    expect(publicKey).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    // RFC 7748 section 6.1, Alice.
    const alice = Buffer.from('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'hex');
    const expected = Buffer.from('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a', 'hex');
    expect((await octolink(['pubkey'], alice.toString('base64'))).out.trim()).toBe(
      expected.toString('base64'),
    );
    const refused = await octolink(['pubkey'], 'c2VjcmV0');
    expect(refused.code).toBe(65);
    expect(refused.err).not.toContain('c2VjcmV0');
  });

  it('explains itself', async () => {
    expect(await octolink(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes') });
    expect(await octolink(['--version'])).toMatchObject({
      code: 0,
      out: `octolink 0.1.0 (built from source, Node ${process.versions.node})\n`,
    });
  });

  it('says that a daemon hangs, and does not hang itself', async () => {
    const path = join(folder, 'hung.sock');
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const result = await octolink(['-s', path, 'show', 'version']);
    server.close();
    expect(result).toMatchObject({ code: 69, err: `% Error: the daemon on ${path} does not answer\n` });
  });
});
