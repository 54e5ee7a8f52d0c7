/** The figures of the bench as data: what each is called, and who is asked for it. */

/** Every figure a bench can take; higher is better unless `lowerIsBetter`. */
export const FIGURES = {
  tcp1: { title: 'TCP, 1 stream', unit: 'Gbit/s', lowerIsBetter: false },
  tcp8: { title: 'TCP, 8 streams', unit: 'Gbit/s', lowerIsBetter: false },
  tcp128: { title: 'TCP, 128 streams', unit: 'Gbit/s', lowerIsBetter: false },
  vxlan: { title: 'TCP in VXLAN, 1 stream', unit: 'Gbit/s', lowerIsBetter: false },
  udp64: { title: 'UDP 64 B received', unit: 'kpps', lowerIsBetter: false },
  udp512: { title: 'UDP 512 B received', unit: 'kpps', lowerIsBetter: false },
  udp1400: { title: 'UDP 1400 B received', unit: 'kpps', lowerIsBetter: false },
  lossless64: { title: 'UDP 64 B lossless', unit: 'kpps', lowerIsBetter: false },
  lossless512: { title: 'UDP 512 B lossless', unit: 'kpps', lowerIsBetter: false },
  lossless1400: { title: 'UDP 1400 B lossless', unit: 'kpps', lowerIsBetter: false },
  overload64: { title: 'UDP 64 B at twice that', unit: 'of lossless', lowerIsBetter: false },
  overload1400: { title: 'UDP 1400 B at twice that', unit: 'of lossless', lowerIsBetter: false },
  p50: { title: 'latency at half load, median', unit: 'µs', lowerIsBetter: true },
  p99: { title: 'latency at half load, 99 %', unit: 'µs', lowerIsBetter: true },
  p999: { title: 'latency at half load, 99.9 %', unit: 'µs', lowerIsBetter: true },
  rtt: { title: 'flood-ping round trip', unit: 'ms', lowerIsBetter: true },
  loss01: { title: 'TCP at 0.1 % loss', unit: 'Gbit/s', lowerIsBetter: false },
  loss1: { title: 'TCP at 1 % loss', unit: 'Gbit/s', lowerIsBetter: false },
  cpu: { title: 'CPU, 1 stream', unit: 's/Gbit', lowerIsBetter: true },
  cputcp: { title: 'CPU of the daemons, TCP', unit: 'ms/Gbit', lowerIsBetter: true },
  cpu64: { title: 'CPU of the daemons, UDP 64 B', unit: 'µs each', lowerIsBetter: true },
  cpu1400: { title: 'CPU of the daemons, UDP 1400 B', unit: 'µs each', lowerIsBetter: true },
  start: { title: 'start to first answer', unit: 'ms', lowerIsBetter: true },
  rss: { title: 'memory, idle with 2 peers', unit: 'MiB', lowerIsBetter: true },
  rsspeak: { title: 'memory, peak', unit: 'MiB', lowerIsBetter: true },
  rssafter: { title: 'memory, 45 s later', unit: 'MiB', lowerIsBetter: true },
  broadcast: { title: 'broadcast to 7, lossless', unit: 'kpps', lowerIsBetter: false },
  cpubroadcast: { title: 'CPU of 8 daemons, broadcast', unit: 'µs each', lowerIsBetter: true },
  idle: { title: 'CPU, idle with 2 peers', unit: '% of a core', lowerIsBetter: true },
} as const;

export type Figure = keyof typeof FIGURES;
/** Those of a VPN's programs, which what the kernel does itself has not. */
export const PROGRAM_FIGURES: readonly Figure[] = ['cputcp', 'cpu64', 'cpu1400', 'rsspeak'];
/** Figures of Octolink's daemons alone, which other VPNs are asked for only in part. */
export const DAEMON_FIGURES: readonly Figure[] = ['cputcp', 'cpu64', 'cpu1400', 'start', 'rss', 'idle'];
/** Those of a mesh of eight hosts: of Octolink only, and only when asked for. */
export const MESH_FIGURES: readonly Figure[] = ['broadcast', 'cpubroadcast'];
/** Those that take a minute, and only when asked for. */
export const RUSH_FIGURES: readonly Figure[] = ['rsspeak', 'rssafter'];

/** Those that rest on a search for the lossless rate. */
export const SEARCHED_FIGURES: readonly Figure[] = [
  'lossless64',
  'lossless512',
  'lossless1400',
  'overload64',
  'overload1400',
  'p50',
  'p99',
  'p999',
];

/** True for a figure of the traffic alone, as {@link measure} takes it. */
export function isCommon(figure: Figure): boolean {
  return ![DAEMON_FIGURES, RUSH_FIGURES, MESH_FIGURES].some((others) => others.includes(figure));
}

export type Figures = Partial<Record<Figure, number>>;

/** Drops figures that were taken unasked. */
export function wantedOf(figures: Figures, wanted: ReadonlySet<Figure>): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([figure]) => wanted.has(figure as Figure)));
}
