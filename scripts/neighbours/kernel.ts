/** What the running kernel was built with. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CannotRun } from '../lab/packages.js';

/** Throws a {@link CannotRun} if the kernel says of itself that it lacks `option`, such as GENEVE. */
export function needsKernel(option: string): void {
  if (!existsSync('/proc/config.gz')) return;
  const config = gunzipSync(readFileSync('/proc/config.gz')).toString();
  if (!new RegExp(`^CONFIG_${option}=`, 'm').test(config))
    throw new CannotRun(`this kernel has no CONFIG_${option}`);
}
