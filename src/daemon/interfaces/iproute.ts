/** Runs the program `ip` of iproute2, by its absolute path and for a limited time. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileProblem } from '../../base/file-problems.js';

const PLACES = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'];
/** A kernel that is busy removing a namespace may hold its network lock for seconds. */
const PATIENCE_MS = 10_000;

let place: string | undefined;

/** What `ip` said against a command. */
export class IpError extends Error {
  constructor(
    message: string,
    /** The system does not let this process do it. */
    readonly isForbidden: boolean,
  ) {
    super(message);
  }
}

function program(): string {
  place ??= PLACES.find((path) => existsSync(path));
  if (place === undefined) throw new IpError('the program "ip" (package iproute2) is missing', false);
  return place;
}

/** Carries out `ip` commands in order, by one process; stops at the first that fails and throws `IpError`. */
export async function ipBatch(commands: readonly string[]): Promise<void> {
  const { code, complaint } = await run(['-batch', '-'], `${commands.join('\n')}\n`);
  if (code === 0) return;
  const line = Number(/Command failed -:(\d+)/.exec(complaint)?.[1] ?? 1);
  const said = complaint.split('\n')[0].replace(/^(RTNETLINK answers|Error): /, '');
  throw new IpError(`"ip ${commands[line - 1]}" failed: ${said}`, said.includes('not permitted'));
}

function run(words: string[], input: string): Promise<{ code: number | null; complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program(), words, {
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    let complaint = '';
    // It has no pipes where no more files may be opened, which its error says.
    child.on('error', (error) =>
      reject(new IpError(`"ip" cannot be run: ${fileProblem(error) ?? error.message}`, false)),
    );
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('close', (code, signal) => {
      if (signal !== null) complaint = `no answer within ${PATIENCE_MS / 1000} s`;
      resolve({ code, complaint });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
