/** The links that `npm run bench -- --aggregate` measures together. */

export interface Path {
  mbit: number;
  /** Each way. */
  delayMs: number;
  /** Datagrams in a thousand that each host loses as it receives them. */
  lossPermille?: number;
}

export interface Row {
  paths: readonly Path[];
  /** Congestion control of TCP; absent: that of the system. */
  congestion?: string;
}

const LOSSY: Path = { mbit: 40, delayMs: 20, lossPermille: 5 };

/** Paths of so many Mbit/s and of so many ms each way. */
function paths(...links: readonly (readonly [mbit: number, delayMs: number])[]): Path[] {
  return links.map(([mbit, delayMs]) => ({ mbit, delayMs }));
}

/** Links that are alike. */
function alike(count: number, mbit: number, delayMs: number): Path[] {
  return Array.from({ length: count }, () => ({ mbit, delayMs }));
}

/**
 * Pairs that the figures of other multilink VPNs are known for, and smaller ones for busy machines; then more links, alike
 * and not, of rates that leave two processors time for the delays. Where links lose datagrams the congestion control is
 * named: BBR, which may be the system's, hardly minds losses.
 */
export const ROWS: readonly Row[] = [
  { paths: alike(2, 100, 25) },
  { paths: paths([300, 10], [80, 30]) },
  { paths: paths([40, 10], [40, 30]) },
  { paths: [LOSSY, LOSSY], congestion: 'cubic' },
  { paths: alike(3, 60, 25) },
  { paths: paths([90, 10], [40, 20], [40, 30]) },
  { paths: alike(4, 40, 25) },
  { paths: paths([60, 10], [40, 15], [30, 20], [30, 30]) },
  { paths: paths([100, 5], [60, 20], [40, 40], [20, 60]) },
  { paths: alike(8, 10, 25) },
  { paths: paths([16, 10], [16, 15], [12, 20], [12, 25], [8, 30], [8, 30], [8, 20], [8, 10]) },
];

function nameOf({ mbit, delayMs, lossPermille }: Path): string {
  return `${mbit} Mbit/s ${delayMs} ms${lossPermille === undefined ? '' : ` ${lossPermille / 10} % lost`}`;
}

/** The links of a row in words. Several that are alike in a row are named once. */
export function namesOf(paths: readonly Path[]): string {
  const groups: { name: string; count: number }[] = [];
  for (const name of paths.map(nameOf)) {
    const last = groups.at(-1);
    if (last?.name === name) last.count++;
    else groups.push({ name, count: 1 });
  }
  return groups.map(({ name, count }) => (count === 1 ? name : `${count} × ${name}`)).join(' + ');
}
