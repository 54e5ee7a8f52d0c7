/** What tests need that make interfaces: the right to, and `ip`. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { TestContext } from 'vitest';

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

const skipReason = reasonAgainst();

/** Skips a test, with the reason, where interfaces cannot be made. */
export function needsRoot(context: TestContext): void {
  if (skipReason !== null) context.skip(skipReason);
}

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
