/** The figures of a run in words. */
import type {
  IdleFigures,
  JoinFigures,
  ListingFigures,
  MoveFigures,
  Shares,
  SwarmFigures,
  TcpFigures,
  UnicastFigures,
} from './figures.js';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const whole = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
const percent = (share: number): string => `${share.toFixed(0)} %`;

function sharesOf({ serverControl, serverWorker, server, generator }: Shares): string {
  const parts = `control ${percent(serverControl)}, worker ${percent(serverWorker)}`;
  return `of one core: server ${percent(server)} (${parts}), clients ${percent(generator)}`;
}

function joined(figures: JoinFigures): string[] {
  const { handshakesPerControlSecond: perCore, boundPerSecond: bound } = figures;
  return [
    `start of the server ${seconds(figures.startMs)}; ${whole(figures.up)} up ${seconds(figures.allUpMs)} after it answered`,
    `${whole(figures.handshakesPerSecond)} handshakes/s; ${whole(perCore)} for a second of the control thread, ` +
      `${percent((100 * perCore) / bound)} of the ${whole(bound)} that X25519 alone allows`,
    `${whole(figures.retries)} calls made again, ${whole(figures.cookies)} cookies`,
    `${whole(figures.residentMiB)} MiB resident, ${whole(figures.bytesPerClient)} bytes a client, of which ${whole(figures.bytesHeldByClient)} are in use`,
    sharesOf(figures.shares),
  ];
}

function idled({ seconds: length, beatsPerSecond, residentMiB, shares }: IdleFigures): string[] {
  const beats = `${whole(beatsPerSecond)} heartbeats/s from clients over ${length} s`;
  return [beats, `${whole(residentMiB)} MiB resident`, sharesOf(shares)];
}

function moved({ clients, allUpMs, othersLost, shares }: MoveFigures): string[] {
  return [
    `${whole(clients)} clients in ${seconds(allUpMs)}; others lost: ${whole(othersLost)}`,
    sharesOf(shares),
  ];
}

function forwarded(figures: UnicastFigures, beside?: UnicastFigures): string[] {
  const ratio = (name: 'framesPerSecond' | 'framesPerWorkerMs'): string =>
    beside === undefined ? '' : ` (${(figures[name] / beside[name]).toFixed(2)} of two clients alone)`;
  return [
    `${whole(figures.framesPerSecond)} frames/s of 1000 bytes${ratio('framesPerSecond')}, ${whole(figures.lost)} lost`,
    `${figures.framesPerWorkerMs.toFixed(1)} frames for a ms of the worker${ratio('framesPerWorkerMs')}`,
    sharesOf(figures.shares),
  ];
}

function streamed(figures: TcpFigures, beside?: TcpFigures): string[] {
  const line = (name: keyof TcpFigures, unit: string): string => {
    const ratio =
      beside === undefined ? '' : ` (${(figures[name] / beside[name]).toFixed(2)} of two clients alone)`;
    return `${figures[name].toFixed(2)} ${unit}${ratio}`;
  };
  return [
    line('gbitPerSecond', 'Gbit/s of TCP'),
    line('gbitPerWorkerSecond', 'Gbit for a second of the worker'),
    line('gbitPerFreeCore', 'Gbit/s for each processor that the idle clients and their server leave free'),
  ];
}

function listed(what: string, figures: ListingFigures): string[] {
  const { rows, ms, slowestPageMs, worstFrameMs, workerLateMs, missing } = figures;
  const late = `the worker woke up to ${workerLateMs.toFixed(1)} ms late`;
  return [
    `${what}: ${whole(rows)} rows in ${ms.toFixed(0)} ms, slowest page ${slowestPageMs.toFixed(1)} ms`,
    `  latest frame ${worstFrameMs.toFixed(1)} ms (${late}), ${missing} missing`,
    `  ${sharesOf(figures.shares)}`,
  ];
}

/** Lines of text. */
export function reportOf(figures: SwarmFigures): string[] {
  const lines = [
    `${whole(figures.clients)} clients, heartbeats every ${figures.intervalMs} ms; ${figures.machine}`,
    `server without clients: ${whole(figures.emptyResidentMiB)} MiB resident`,
  ];
  const section = (name: string, text: string[] | undefined): void => {
    if (text !== undefined) lines.push('', name, ...text.map((line) => `  ${line}`));
  };
  const {
    unicastOfTwo: ofTwo,
    tcpOfTwo,
    join,
    idle,
    churn,
    roam,
    broadcast,
    unicast,
    tcp,
    show,
    restart,
  } = figures;
  section('two clients', ofTwo && forwarded(ofTwo));
  section('TCP of two clients', tcpOfTwo && streamed(tcpOfTwo));
  section('join', joined(join));
  section('idle', idle && idled(idle));
  section('churn', churn && moved(churn));
  section('roam', roam && moved(roam));
  section(
    'broadcast',
    broadcast && [
      `${broadcast.frames} frames: ${whole(broadcast.copies)} of ${whole(broadcast.expected)} copies, ` +
        `the last after ${broadcast.lastCopyMs.toFixed(0)} ms`,
    ],
  );
  section('unicast', unicast && forwarded(unicast, ofTwo));
  section('tcp', tcp && streamed(tcp, tcpOfTwo));
  section(
    'show',
    show && [
      `latest frame without a listing ${show.quietWorstFrameMs.toFixed(1)} ms`,
      ...listed('peers', show.peers),
      ...listed('mac-table', show.macTable),
    ],
  );
  section(
    'dropped by the server before a restart',
    Object.entries(figures.drops).map(([reason, count]) => `${reason} ${whole(count)}`),
  );
  section('restart', restart && joined(restart));
  return lines;
}
