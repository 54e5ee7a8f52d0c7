/** The inside of a configuration block whose header was refused: it must not be taken for lines of the block around it. */
import { CONFIG_MODES } from '../../config/language.js';
import { resolveConfigLine } from '../../config/resolve.js';
import { type SplitLine, splitLine } from '../../grammar/words.js';

export class RefusedBlock {
  /** Depth of the lines in the block. */
  private readonly outermost: number;
  /** Depth of the next line, blocks within the block counted; less than `outermost` after the block's own `exit`. */
  private depth: number;

  private constructor(depth: number) {
    this.outermost = depth;
    this.depth = depth;
  }

  /** The block that a refused line was meant to open in the mode of `depth`; null when it opens none. */
  static openedBy(text: string, depth: number): RefusedBlock | null {
    const inner = depthOpenedBy(splitLine(text), depth);
    return inner === null ? null : new RefusedBlock(inner);
  }

  get isOver(): boolean {
    return this.depth < this.outermost;
  }

  /** Passes a line over; false when it is none of the block: a line of a mode around it, `end`, or no configuration. */
  passes(text: string): boolean {
    const line = splitLine(text);
    const found = resolveConfigLine(this.depth, line);
    if (found.kind === 'empty') return true;
    if (found.kind === 'mismatch') {
      const inner = depthOpenedBy(line, this.depth);
      if (inner !== null && inner > this.outermost) this.depth = inner;
      return inner !== null && inner > this.outermost;
    }
    const { command, form } = found;
    if (command.kind === 'leave') {
      if (command.to === 'top') return false;
      this.depth--;
      return true;
    }
    if (found.depth < this.outermost) return false;
    this.depth = found.depth + (command.kind === 'block' && form === 'plain' ? 1 : 0);
    return true;
  }
}

/** Depth of the lines in the block whose header begins like this, in the mode of `depth` or one around it. */
function depthOpenedBy({ words }: SplitLine, depth: number): number | null {
  const opener = words[0]?.text === 'peer-template' ? 'peer' : words[0]?.text;
  const inner = CONFIG_MODES.findIndex((mode, index) => index > 0 && mode === opener);
  return inner > 0 && inner - 1 <= depth ? inner : null;
}
