/** Network automation drives the shell at a terminal by regular expressions: prompts end an answer, errors fail a task. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { type FakeDaemon, startFakeDaemon } from './run.js';

const problem =
  spawnSync('script', ['--version']).status === 0 ? undefined : 'script (util-linux) is not installed';
if (problem) console.log(`skipped: ${problem}`);

/** What the terminal plugins of Ansible's collections cisco.ios and frr.frr take for a prompt, at the end of an answer. */
const PROMPT = /[\r\n]?[\w+\-.:/[\]]+(?:\([^)]+\)){0,3}[>#] ?$/;
/** What cisco.ios takes for the prompt of a configuration mode. */
const CONFIG_PROMPT = /^.+\(config(-.*)?\)#$/;
/** How cisco.ios reads whether `enable` has been reached. */
const PRIVILEGE = /privilege level (\d+)\)$/m;

/** What the two take for an error anywhere in an answer; the rest of their lists is about features of those systems. */
const ERRORS: Record<string, RegExp> = {
  'something failed at run time': /% ?Error/,
  'a word that cannot stand there, under a caret': /invalid input/i,
  'a command that lacks words, or that could be several': /(?:incomplete|ambiguous) command/i,
  'a command that does not exist (FRR)': /% Unknown command/i,
  'the far end was not reached in time': /connection timed out/i,
  'a name that does not exist': /[^\r\n]+ not found/,
  'the user may not do this': /Command authorization failed/,
};

let daemon: FakeDaemon;
let folder: string;

/** A shell behind a pseudo-terminal of the kind that SSH libraries ask for, its bytes as they come. */
class Session {
  private readonly child: ChildProcessWithoutNullStreams;
  private received = '';
  private wake: () => void = () => undefined;

  constructor(words: string[] = []) {
    const command = [process.execPath, OCTOLINK, ...words].map((word) => `'${word}'`).join(' ');
    this.child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: {
        ...process.env,
        TERM: 'vt100',
        OCTOLINK_SOCKET: daemon.socket,
        OCTOLINK_HISTFILE: join(folder, 'history'),
      },
    });
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.received += chunk.toString();
      this.wake();
    });
    this.child.on('close', () => this.wake());
  }

  /** Everything up to the next prompt. */
  async answer(): Promise<string> {
    while (!PROMPT.test(this.received)) {
      if (this.child.exitCode !== null) throw new Error(`the shell ended; it said ${this.received}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const answer = this.received;
    this.received = '';
    return answer;
  }

  send(line: string): Promise<string> {
    this.child.stdin.write(`${line}\r`);
    return this.answer();
  }

  end(): void {
    this.child.stdin.end('\x04');
    this.child.kill();
  }
}

const promptOf = (answer: string) =>
  answer
    .split(/[\r\n]+/)
    .at(-1)
    ?.trim();
const errorsIn = (answer: string) =>
  Object.entries(ERRORS)
    .filter(([, form]) => form.test(answer))
    .map(([meaning]) => meaning);

describe.skipIf(problem)('what Ansible expects of a terminal', () => {
  let session: Session;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'octolink-automation-'));
    daemon = await startFakeDaemon();
  });
  afterAll(async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    session = new Session();
  });
  afterEach(() => session.end());

  it('opens with a prompt and nothing that only people can read', async () => {
    expect(await session.answer()).toBe('tokyo# ');
    for (const line of ['terminal length 0', 'terminal width 512', 'terminal width 0']) {
      expect(await session.send(line)).toBe(`${line}\r\ntokyo# `);
    }
  });

  it('echoes plainly, and gives the answer whole', async () => {
    await session.answer();
    await session.send('terminal length 0');
    const answer = await session.send('show running-config');
    expect(answer.startsWith('show running-config\r\nhostname tokyo\r\n')).toBe(true);
    expect(answer.endsWith('exit\r\ntokyo# ')).toBe(true);
    expect(answer).not.toContain('\x1b');
    expect(errorsIn(answer)).toEqual([]);
  });

  it('reaches and leaves privilege as on a router', async () => {
    await session.answer();
    expect(PRIVILEGE.exec((await session.send('show privilege')).replaceAll('\r', ''))?.[1]).toBe('15');
    expect(promptOf(await session.send('disable'))).toBe('tokyo>');
    expect(PRIVILEGE.exec((await session.send('show privilege')).replaceAll('\r', ''))?.[1]).toBe('1');
    expect(promptOf(await session.send('enable'))).toBe('tokyo#');
  });

  it('shows a prompt of configuration in every mode', async () => {
    await session.answer();
    for (const line of ['configure terminal', 'interface octo0', 'peer osaka', 'link 0']) {
      expect(promptOf(await session.send(line))).toMatch(CONFIG_PROMPT);
    }
    expect(promptOf(await session.send('end'))).toBe('tokyo#');
  });

  it.each([
    ['show peer nobody', 'a name that does not exist'],
    ['show version now', 'a word that cannot stand there, under a caret'],
    ['show', 'a command that lacks words, or that could be several'],
    ['show p', 'a command that lacks words, or that could be several'],
    ['nonsense', 'a command that does not exist (FRR)'],
  ])('takes what %j answers for an error', async (line, meaning) => {
    await session.answer();
    expect(errorsIn(await session.send(line))).toContain(meaning);
  });

  it('tells a user without privilege that this is the reason', async () => {
    await session.answer();
    await session.send('disable');
    expect(errorsIn(await session.send('clear counters'))).toEqual(['the user may not do this']);
  });
});
