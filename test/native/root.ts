/** What tests need that make interfaces: the right to, and `ip`. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

function reasonAgainst(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'needs /dev/net/tun';
  }
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' });
  } catch {
    return 'needs the ip command';
  }
  return null;
}

/** Why tests that make interfaces cannot run here, or null; says it once. */
export const skipReason = reasonAgainst();
if (skipReason !== null) console.log(`skipped: ${skipReason}`);

/** Runs `ip` with words parted by blanks. */
export function ip(command: string, input?: string): string {
  return execFileSync('ip', command.split(' '), {
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
}

let serial = 0;

/** An interface name that no other test process uses. */
export function uniqueName(): string {
  serial++;
  return `oct${process.pid}x${serial}`.slice(0, 15);
}
