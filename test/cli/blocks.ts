/** What a layout in blocks makes of rows. */
import { type BlockLayout, GrowingBlocks } from '../../src/cli/output/table.js';

export function blocks<Row>(layout: BlockLayout<Row>, rows: readonly Row[]): string[] {
  const growing = new GrowingBlocks(layout);
  return [...growing.add(rows), ...growing.end()];
}
