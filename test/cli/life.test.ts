/** The life of a configuration, as scripts go through it: one line after the other, in one session. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXAMPLE } from '../control/fixtures.js';
import { type FakeDaemon, octolink, startFakeDaemon } from './run.js';

let daemon: FakeDaemon;
let folder: string;

beforeEach(async () => {
  daemon = await startFakeDaemon();
  folder = await mkdtemp(join(tmpdir(), 'octolink-life-'));
});
afterEach(async () => {
  await daemon.stop();
  await rm(folder, { recursive: true, force: true });
});

const attempt = (...lines: string[]) => octolink(['-e', '-y', '-'], lines.join('\n'), daemon.socket);

/** Runs lines in one session, all of which must do; gives what they print. */
async function session(...lines: string[]): Promise<string> {
  const { code, out, err } = await attempt(...lines);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const hostname = async () => (await session('show running-config | include hostname')).trim();

describe('a candidate', () => {
  it('changes nothing until it is committed', async () => {
    const out = await session(
      'configure exclusive',
      'hostname kyoto',
      'do show configuration compare',
      'do show configuration lock',
      'do show running-config | include hostname',
      'do show configuration candidate | include hostname',
      'commit comment a new name',
      'end',
    );
    expect(out).toContain('-hostname tokyo\n+hostname kyoto');
    expect(out).toContain('hostname tokyo\nhostname kyoto');
    expect(await hostname()).toBe('hostname kyoto');
    expect(await session('show configuration commits')).toContain('a new name');
    expect(await session('show archive')).toContain('a new name');
    expect(await session('show accounting last 5')).toContain('hostname kyoto');
  });

  it('is forgotten by discard and by abort', async () => {
    await session('configure private', 'hostname kyoto', 'discard', 'hostname nara', 'abort');
    expect(await hostname()).toBe('hostname tokyo');
  });

  it('takes in what others have committed', async () => {
    const out = await session(
      'configure private',
      'update',
      'hostname kyoto',
      'do show configuration compare running',
      'commit check',
      'commit',
    );
    expect(out).toContain('+hostname kyoto');
    expect(await hostname()).toBe('hostname kyoto');
  });

  it('stays when it has a name, until somebody removes it', async () => {
    const { err } = await attempt('configure session night', 'hostname nara');
    expect(err).toBe('% Candidate night keeps its uncommitted changes.\n');
    expect(JSON.parse(await session('show configuration sessions | json'))).toMatchObject([
      { name: 'night' },
    ]);
    await session('clear configuration session night');
    expect(JSON.parse(await session('show configuration sessions | json'))).toEqual([]);
  });
});

describe('a script', () => {
  it('that forgets to commit is told, and has changed nothing', async () => {
    const { code, err } = await attempt('configure private', 'hostname nara');
    expect({ code, err }).toEqual({
      code: 1,
      err: '% Error: the changes were not committed and have been discarded\n',
    });
    expect(await hostname()).toBe('hostname tokyo');
  });

  it('may commit lines as one that it gave without a candidate, and only check them before', async () => {
    const out = await session('hostname nara', 'commit check', 'commit comment all at once');
    expect(out).toBe('The configuration is valid.\nCommitted: 1 line added, 1 removed.\n');
    const archived = JSON.parse(await session('show archive | json'));
    expect(archived).toMatchObject([{ origin: 'commit', comment: 'all at once' }, { origin: 'start' }]);
  });

  it('is refused a reload that loses what was not saved, unless it says yes', async () => {
    await session('write memory', 'configure terminal', 'hostname nara');
    const refused = await octolink(['-c', 'reload'], '', daemon.socket);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('use -y to answer yes') });
    expect(await hostname()).toBe('hostname nara');
    await session('reload');
    expect(await hostname()).toBe('hostname tokyo');
  });
});

describe('what runs', () => {
  it('goes back to what ran before', async () => {
    await session('configure terminal', 'hostname kyoto', 'end');
    expect(await session('show configuration rollback 1')).toContain('hostname tokyo');
    expect(await session('show configuration compare rollback 1')).toContain('hostname tokyo');
    await session('rollback 1');
    expect(await hostname()).toBe('hostname tokyo');
  });

  it('is kept by a confirmation, undone by an abort', async () => {
    await session('configure exclusive', 'hostname kyoto', 'commit confirmed 5', 'confirm', 'end');
    expect(await hostname()).toBe('hostname kyoto');
    await session('configure exclusive', 'hostname nara', 'commit confirmed 5', 'end');
    expect(await hostname()).toBe('hostname nara');
    await session('abort');
    expect(await hostname()).toBe('hostname kyoto');
  });

  it('is replaced by a file, with no change where there is none', async () => {
    const path = join(folder, 'wanted.conf');
    await writeFile(path, EXAMPLE.replace('hostname tokyo', 'hostname osaka'));
    const replace = async () => JSON.parse(await session(`configure replace ${path} | json`)).changed;
    expect(JSON.parse(await session(`configure replace ${path} check | json`)).changed).toBe(true);
    expect([await replace(), await replace()]).toEqual([true, false]);
    expect(await hostname()).toBe('hostname osaka');
  });

  it('is saved, and reloaded from what was saved', async () => {
    await session('copy running-config startup-config');
    await session('configure terminal', 'hostname kyoto', 'end');
    await session('reload in 10');
    expect(JSON.parse(await session('show reload | json'))).not.toBeNull();
    await session('reload cancel');
    expect(await hostname()).toBe('hostname kyoto');
    await session('reload');
    expect(await hostname()).toBe('hostname tokyo');
  });
});

describe('a configuration of kronosnetd', () => {
  it('is imported as lines to be looked at', async () => {
    const path = join(folder, 'kronosnet.conf');
    await writeFile(path, 'interface knet0 1 50000\nip 10.9.0.1 24\npeer other 2\n');
    const { code, out, err } = await attempt(`import kronosnetd ${path}`);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('public-key') });
    expect(out).toMatch(/^interface knet0$/m);
  });
});

it('the link of a peer is explained', async () => {
  const { code, out } = await attempt('explain peer osaka');
  expect(code).toBe(0);
  expect(out).toContain('osaka');
});
