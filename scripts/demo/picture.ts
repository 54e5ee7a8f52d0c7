/** Draws the demo: the links of the pair, the ping, and the table of cuts. Pure: a view in, lines out. */
import type { LinkStatus } from '../../src/api/index.js';
import type { PingWindow } from '../lab/ping-log.js';
import { type Style, styled } from './ansi.js';
import { type Cut, type CutKind, describeCut, FAR, NEAR } from './cuts.js';
import { type Claim, type CutResult, claims, type DemoResult } from './verdict.js';

export interface LinkView {
  id: number;
  /** `IPv4` or `IPv6`. */
  family: string;
  underlay: string;
  cut: Cut | undefined;
  /** As the near end's daemon shows it; undefined until it has been asked. */
  status: LinkStatus | undefined;
}

export interface DemoView {
  hosts: number;
  links: LinkView[];
  elapsedSeconds: number;
  /** What happens now, one line. */
  now: string;
  ping: { sent: number; received: number; unanswered: number; roundTripMs: number | undefined };
  results: CutResult[];
}

const KIND_STYLE: Record<CutKind, Style> = {
  'near-end down': 'yellow',
  'far-end down': 'yellow',
  'black hole': 'red',
};

/** Microseconds as milliseconds with three digits after the point. */
function milliseconds(us: number | null | undefined): string {
  return us == null ? '—' : `${(us / 1000).toFixed(3)} ms`;
}

function count(value: number): string {
  return value.toLocaleString('en-GB').replaceAll(',', ' ');
}

function stateText(link: LinkView): string {
  const state = (link.status?.state ?? 'waiting').padEnd(9);
  if (link.status?.state === 'up') return styled('green', `● ${state}`);
  return styled(link.cut ? 'red' : 'dim', `○ ${state}`);
}

function linkLine(link: LinkView): string {
  const carries = link.status?.active ? styled('cyan', '━━▶ carries the traffic') : '';
  const cut = link.cut ? styled(KIND_STYLE[link.cut.kind], `✂ ${describeCut(link.cut)}`) : carries;
  const isUp = link.status?.state === 'up';
  const rtt = milliseconds(isUp ? link.status?.rttSmoothedUs : null).padStart(9);
  return `  ${link.id}  ${link.underlay}  ${link.family}  ${stateText(link)} ${rtt}   ${cut}`;
}

/** The live picture. */
export function drawView(view: DemoView): string[] {
  const { ping } = view;
  const lost = `unanswered ${count(ping.unanswered)}`;
  const rtt = ping.roundTripMs === undefined ? '' : `   round trip ${ping.roundTripMs.toFixed(2)} ms`;
  return [
    `${styled('bold', 'Octolink')}  ${view.hosts} hosts, full mesh, ${view.links.length} encrypted links per pair` +
      styled('dim', `   ${view.elapsedSeconds.toFixed(1)} s`),
    '',
    styled('dim', ' link  net  over  state      round trip'),
    ...view.links.map(linkLine),
    '',
    `flood ping h${NEAR} → h${FAR}   sent ${count(ping.sent)}   answered ${count(ping.received)}   ` +
      (ping.unanswered === 0 ? styled('green', lost) : styled('red', lost)) +
      rtt,
    styled('bold', view.now),
    ...(view.results.length === 0 ? [] : ['', ...drawCuts(view.results)]),
  ];
}

const HEAD = '  #  link  cut                        outage   lost  then over';

function windowCells(window: PingWindow): string {
  const outage = `${window.silenceMs.toFixed(1)} ms`.padStart(10);
  const lost = String(window.lost).padStart(6);
  return `${outage} ${window.lost === 0 ? styled('green', lost) : styled('red', lost)}`;
}

/** The table of cuts. */
export function drawCuts(results: CutResult[]): string[] {
  return [
    styled('dim', HEAD),
    ...results.map((cut, i) => {
      const next = cut.nextLink === null ? '—' : `link ${cut.nextLink}`;
      const what = describeCut(cut).padEnd(24);
      return `${String(i + 1).padStart(3)}  ${String(cut.link).padStart(4)}  ${what} ${windowCells(cut)}  ${next}`;
    }),
  ];
}

function claimLine({ claim, held }: Claim): string {
  return held ? `${styled('green', '✔')} ${claim}` : `${styled('red', '✘')} ${claim}`;
}

/** The closing table and the verdict. */
export function drawResult(result: DemoResult): string[] {
  const { total } = result;
  const aside = (name: string, window: PingWindow) => `           ${name.padEnd(24)} ${windowCells(window)}`;
  return [
    ...drawCuts(result.cuts),
    aside('all links restored', result.restoring),
    aside('undisturbed, before', result.undisturbed),
    '',
    `ping: ${count(total.sent)} sent, ${count(total.received)} answered, ${count(total.lost)} lost, ` +
      `${count(total.duplicated)} duplicated, at ${result.pingsPerSecond} a second`,
    `heartbeats every ${result.timers.interval} ms, hold time ${result.timers.hold} ms`,
    'outage: the longest time between two answers, of which one interval is the ping itself',
    '',
    ...claims(result).map(claimLine),
  ];
}
