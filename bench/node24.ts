/** A second Node, to show what its newer OpenSSL is worth; it ships as an npm package. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../scripts/lab/run.js';

const VERSION = '24.9.0';
const FOLDER = fileURLToPath(new URL('../../build/node24/', import.meta.url));

/** Path of the Node 24 binary, fetched into `build/node24` the first time. */
export async function node24(): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const binary = `${FOLDER}node_modules/${name}/bin/node`;
  if (!existsSync(binary)) {
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts'];
    await run('npm', ['install', '--prefix', FOLDER, ...quiet, `${name}@${VERSION}`]);
  }
  return binary;
}
