/** The commands in a page of documentation: what a reader types, so that they can be run as they are written. */

export interface PageBlock {
  /** For whom the block is: hosts, or `run`. */
  places: string[];
  /** Whether it says what must hold in the end, instead of doing something. */
  isCheck: boolean;
  script: string;
}

const BLOCK = /^```sh (check )?(\w+(?: \w+)*)\n([\s\S]*?)^```$/gm;

/** Blocks whose fence says `sh PLACE…` or `sh check PLACE…`, in order. Blocks with other fences are not commands to be run. */
export function pageBlocks(markdown: string): PageBlock[] {
  return [...markdown.matchAll(BLOCK)].map(([, check, places, script]) => ({
    places: places.split(' '),
    isCheck: check !== undefined,
    script,
  }));
}
