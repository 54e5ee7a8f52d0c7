/** Runs `ip -batch`: one process for many changes. */
import { spawn } from 'node:child_process';

/** Carries out `ip` commands in order; stops at the first that fails and throws what `ip` said. */
export async function ipBatch(commands: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(new Error(missing ? 'the program "ip" (package iproute2) is missing' : error.message));
    });
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const line = Number(/Command failed -:(\d+)/.exec(complaint)?.[1] ?? 1);
      const said = complaint.split('\n')[0].replace(/^(RTNETLINK answers|Error): /, '');
      reject(new Error(`"ip ${commands[line - 1]}" failed: ${said}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(`${commands.join('\n')}\n`);
  });
}
