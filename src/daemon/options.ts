/** The arguments of `octolinkd`, in one table: it reads them by it, `--help` and the manual print it. */
import { DEFAULT_SOCKET } from '../api/index.js';

interface DaemonOption {
  /** The word after the option; absent: none. */
  operand?: string;
  /** The default. */
  preset?: string;
  help: string;
}

export const OPTIONS = {
  config: { operand: 'FILE', preset: '/etc/octolink/octolink.conf', help: 'configuration to start with' },
  socket: { operand: 'PATH', preset: DEFAULT_SOCKET, help: 'control socket for octolink' },
  'read-only-socket': {
    operand: 'PATH',
    help: 'a second socket, open to every user, by which nothing can be changed (default: none)',
  },
  state: { operand: 'DIR', preset: '/var/lib/octolink', help: 'keys and state' },
  check: { help: 'only check the configuration, then end' },
  log: { operand: 'LEVEL', preset: 'info', help: 'trace, debug, info, warn, error or silent' },
  help: { help: 'this text' },
  version: { help: 'the version' },
} as const satisfies Record<string, DaemonOption>;

/** The same as rows: option with its operand, meaning with its default. */
export function optionRows(): [string, string][] {
  return Object.entries<DaemonOption>(OPTIONS).map(([name, { operand, preset, help }]) => [
    `--${name}${operand === undefined ? '' : ` ${operand}`}`,
    preset === undefined ? help : `${help} (default: ${preset})`,
  ]);
}

export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [64, 'wrong usage'],
  [65, 'wrong configuration'],
  [69, 'another daemon has the socket or the state folder'],
];

export function usage(version: string): string {
  const rows = optionRows();
  const width = Math.max(...rows.map(([option]) => option.length));
  return [
    `octolinkd ${version}: joins a TAP device to its peers over up to eight encrypted links each.`,
    '',
    'usage: octolinkd [options]',
    '',
    ...rows.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`),
    '',
    'It runs until SIGTERM or SIGINT, then tells its peers and leaves nothing behind.',
    'SIGHUP makes it load its configuration again, SIGUSR2 hand over to a successor.',
    `Exit: ${EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`,
  ].join('\n');
}
