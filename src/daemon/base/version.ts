/** The version of this package. */
import { readFileSync } from 'node:fs';
import type { Manifest } from '../../api/version.js';

const file = new URL('../../../../package.json', import.meta.url);

export const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));

export const { version } = manifest;
