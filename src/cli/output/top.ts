/** The live picture of peers and links: rates since the last look, round-trip times as sparklines. Knows no terminal. */
import type { LinkStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { bitRate, milliseconds, percent, plural, speed } from './format.js';
import { sparkline } from './sparkline.js';
import { GrowingTable, shorten } from './table.js';

/** The first is the order to begin with. */
export const SORTS = ['rate', 'peer', 'rtt', 'loss', 'state'] as const;
type Sort = (typeof SORTS)[number];

/** Looks that a sparkline goes back. */
const SPARKS = 60;
const MIN_SPARK_COLUMNS = 8;
const TABLE_COLUMNS = 70;
const HEADER_ROWS = 3;

/** What is remembered of a link between two looks. */
interface Row {
  status: LinkStatus;
  timeMs: number;
  /** Bits per second since the look before; null at the first. */
  txBps: number | null;
  rxBps: number | null;
  rttUs: (number | null)[];
}

export interface TopView {
  sort: Sort;
  reversed: boolean;
  /** Rows that are scrolled past. */
  skip: number;
  hostname: string;
  paused: boolean;
}

export class TopModel {
  private rows = new Map<string, Row>();

  get size(): number {
    return this.rows.size;
  }

  /** Takes a look: `links` as the daemon reported them at `timeMs`. */
  look(links: readonly LinkStatus[], timeMs: number): void {
    const next = new Map<string, Row>();
    for (const status of links) {
      const key = `${status.interface} ${status.peer} ${status.link}`;
      const before = this.rows.get(key);
      const rttUs = [...(before?.rttUs ?? []), status.state === 'up' ? status.rttLastUs : null].slice(
        -SPARKS,
      );
      next.set(key, { status, timeMs, rttUs, ...ratesOf(status, timeMs, before) });
    }
    this.rows = next;
  }

  /** The picture: a head of three lines, then as many links as there is room for. */
  lines(view: TopView, columns: number, rows: number, clock: string): string[] {
    const all = [...this.rows.values()];
    const sparkColumns = Math.min(SPARKS, Math.max(MIN_SPARK_COLUMNS, columns - TABLE_COLUMNS - 2));
    const shown = sorted(all, view).slice(view.skip, view.skip + Math.max(1, rows - HEADER_ROWS - 1));
    const table = new GrowingTable<Row>({
      columns: [
        { title: 'Peer', cell: ({ status }) => shorten(status.peer, 14) },
        { title: 'Link', cell: ({ status }) => String(status.link), align: 'right' },
        { title: 'State', cell: ({ status }) => status.state + (status.active ? '*' : '') },
        { title: 'Tx bps', cell: ({ txBps }) => bitRate(txBps), align: 'right' },
        { title: 'Rx bps', cell: ({ rxBps }) => bitRate(rxBps), align: 'right' },
        { title: 'Loss %', cell: ({ status }) => lossText(status), align: 'right' },
        { title: 'RTT ms', cell: ({ status }) => milliseconds(status.rttSmoothedUs), align: 'right' },
        {
          title: '0 to',
          cell: ({ rttUs }) => milliseconds(largest(rttUs.slice(-sparkColumns))),
          align: 'right',
        },
        {
          title: `RTT, ${sparkColumns} s`,
          cell: ({ rttUs }) => sparkline(rttUs.slice(-sparkColumns), sparkColumns, { low: 0 }),
        },
      ],
      whenEmpty: 'No links.',
      width: columns,
    });
    return [...head(all, view, columns, clock), '', ...table.add(shown), ...table.end()];
  }
}

function largest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, value) => (value === null || (most ?? value) > value ? most : value), null);
}

function head(all: readonly Row[], view: TopView, columns: number, clock: string): string[] {
  const peers = new Map<string, boolean>();
  for (const { status } of all) {
    const key = `${status.interface} ${status.peer}`;
    peers.set(key, (peers.get(key) ?? false) || status.state === 'up');
  }
  const peersUp = [...peers.values()].filter(Boolean).length;
  const linksUp = all.filter(({ status }) => status.state === 'up').length;
  const total = (key: 'txBps' | 'rxBps') => speed(all.reduce((sum, row) => sum + (row[key] ?? 0), 0) / 8);
  const left = `${view.hostname}: ${peersUp} of ${plural(peers.size, 'peer')} up, ${linksUp} of ${plural(all.length, 'link')} up`;
  const how = `by ${view.sort}${view.reversed ? ', reversed' : ''}${view.paused ? '; paused' : ''}`;
  const keys = 's sort  r reverse  p pause  q quit';
  return [
    ends(left, clock, columns),
    ends(`Tx ${total('txBps')}, Rx ${total('rxBps')}; ${how}`, keys, columns),
  ];
}

/** Text at both ends of a line. */
function ends(left: string, right: string, columns: number): string {
  return `${left}${' '.repeat(Math.max(2, columns - left.length - right.length))}${right}`;
}

function ratesOf(
  status: LinkStatus,
  timeMs: number,
  before: Row | undefined,
): { txBps: number | null; rxBps: number | null } {
  const seconds = before === undefined ? 0 : (timeMs - before.timeMs) / 1000;
  if (before === undefined || seconds <= 0) return { txBps: null, rxBps: null };
  // Counters start over when somebody clears them.
  const bps = (key: 'txBytes' | 'rxBytes') => {
    const bytes = status[key] - before.status[key];
    return bytes < 0 ? null : (bytes * 8) / seconds;
  };
  return { txBps: bps('txBytes'), rxBps: bps('rxBytes') };
}

function lossText({ lossOutPermille, lossInPermille }: LinkStatus): string {
  if (lossOutPermille === null && lossInPermille === null) return '-';
  return `${percent(lossOutPermille)}/${percent(lossInPermille)}`;
}

function sorted(rows: readonly Row[], { sort, reversed }: TopView): Row[] {
  const worst = ({ status }: Row) => Math.max(status.lossOutPermille ?? 0, status.lossInPermille ?? 0);
  const byPeer = (a: Row, b: Row) => byName(a.status.peer, b.status.peer) || a.status.link - b.status.link;
  const orders: Record<Sort, (a: Row, b: Row) => number> = {
    peer: byPeer,
    rate: (a, b) => (b.txBps ?? 0) + (b.rxBps ?? 0) - (a.txBps ?? 0) - (a.rxBps ?? 0),
    rtt: (a, b) => (b.status.rttSmoothedUs ?? 0) - (a.status.rttSmoothedUs ?? 0),
    loss: (a, b) => worst(b) - worst(a),
    state: (a, b) => Number(a.status.state === 'up') - Number(b.status.state === 'up'),
  };
  const order = (a: Row, b: Row) => orders[sort](a, b) || byPeer(a, b);
  return [...rows].sort(reversed ? (a, b) => order(b, a) : order);
}
