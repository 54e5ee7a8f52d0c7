/** Command line of `npm run package`. */
import { parseArgs } from 'node:util';
import { ARCHITECTURES, type Architecture } from './targets.js';

export const FORMATS = ['deb', 'tarball', 'npm'] as const;
export type Format = (typeof FORMATS)[number];

export const HELP = `npm run package -- [options]

Makes what is released: Debian packages and tarballs with a Node runtime of their own, npm packages with prebuilt
addons, a list of what is inside each (SBOM, CycloneDX), release notes, and SHA256SUMS over all. From the same commit
every machine makes the same bytes.

  --arch LIST      ${ARCHITECTURES.join(', ')} (default: both)
  --formats LIST   ${FORMATS.join(', ')} (default: all)
  --version TEXT   another version than package.json's, for a build between releases: 0.1.0+3
  --out FOLDER     where the packages go (default build/packages); what is in it is removed
  --help
`;

export interface PackageOptions {
  architectures: Architecture[];
  formats: Format[];
  version: string | undefined;
  out: string | undefined;
}

/** @throws Error with a sentence for the user. */
export function readOptions(args: readonly string[]): PackageOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      arch: { type: 'string', default: ARCHITECTURES.join() },
      formats: { type: 'string', default: FORMATS.join() },
      version: { type: 'string' },
      out: { type: 'string' },
    },
  });
  if (values.version !== undefined && !/^\d[0-9A-Za-z.+~]*$/.test(values.version)) {
    throw new Error(
      `'${values.version}' is no version: digits first, then letters, digits, ".", "+" and "~"`,
    );
  }
  return {
    architectures: listOf('--arch', values.arch, ARCHITECTURES),
    formats: listOf('--formats', values.formats, FORMATS),
    version: values.version,
    out: values.out,
  };
}

function listOf<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((word) => {
    const found = known.find((one) => one === word);
    if (found === undefined) throw new Error(`${option} takes ${known.join(', ')}, not '${word}'`);
    return found;
  });
}
