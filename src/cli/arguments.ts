/** The command line of `octolink` itself. */
import { DEFAULT_SOCKET } from '../api/index.js';
import { renderWord } from '../grammar/words.js';

export interface CliArguments {
  socket: string;
  /** How long to wait for a daemon that is not there yet. */
  patienceMs: number;
  json: boolean;
  stopAtFirstError: boolean;
  /** Each command's output stands below the time and the command. */
  timestamps: boolean;
  /** Longest time that a command, or an idle shell, may take; null: no limit. */
  timeoutMs: number | null;
  /** Questions are answered with yes. */
  assumeYes: boolean;
  readOnly: boolean;
  /** No files of this host, no other programs. */
  restricted: boolean;
  /** Lines of this run are kept for the next ones. */
  keepHistory: boolean;
  action:
    | { kind: 'help' }
    | { kind: 'version' }
    /** What a shell asks at Tab: the words before the cursor, the last of them unfinished. */
    | { kind: 'complete'; words: string[] }
    | { kind: 'check'; file: string }
    | { kind: 'commands'; lines: string[] }
    /** `-` is the standard input. */
    | { kind: 'file'; file: string }
    | { kind: 'shell' };
}

/** Something on the command line that cannot be. */
export class UsageError extends Error {}

/** Options that are just there or not. */
const FLAGS: Readonly<Record<string, Partial<CliArguments>>> = {
  '-j': { json: true },
  '-e': { stopAtFirstError: true },
  '-t': { timestamps: true },
  '-y': { assumeYes: true },
  '-r': { readOnly: true },
  '-R': { restricted: true },
  '-n': { keepHistory: false },
};

/**
 * Reads the arguments after the program's name. `isLoginShell`: the user has no other program to reach files by.
 * Throws `UsageError`.
 */
export function readArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  isLoginShell = false,
): CliArguments {
  const result: CliArguments = {
    socket: environment['OCTOLINK_SOCKET'] || DEFAULT_SOCKET,
    patienceMs: 0,
    json: false,
    stopAtFirstError: false,
    timestamps: false,
    timeoutMs: null,
    assumeYes: false,
    readOnly: false,
    restricted: isLoginShell,
    keepHistory: true,
    action: { kind: 'shell' },
  };
  const commands: string[] = [];
  const actions: CliArguments['action'][] = [];
  let at = 0;
  const operand = (): string => {
    const option = argv[at++];
    if (at >= argv.length) throw new UsageError(`option ${option} needs a value`);
    return argv[at];
  };
  for (; at < argv.length; at++) {
    const argument = argv[at];
    if (Object.hasOwn(FLAGS, argument)) Object.assign(result, FLAGS[argument]);
    else if (argument === '-s') result.socket = operand();
    else if (argument === '-w') result.patienceMs = readSeconds(argument, operand()) * 1000;
    else if (argument === '-T') result.timeoutMs = readSeconds(argument, operand()) * 1000 || null;
    else if (argument === '-c') commands.push(operand());
    else if (argument === '-f') actions.push({ kind: 'file', file: operand() });
    else if (argument === '-C') actions.push({ kind: 'check', file: operand() });
    else if (argument === '-') actions.push({ kind: 'file', file: '-' });
    else if (argument === '--help' || argument === '-h') actions.push({ kind: 'help' });
    else if (argument === '--version') actions.push({ kind: 'version' });
    else if (argument === '--complete') {
      actions.push({ kind: 'complete', words: argv.slice(at + 1) });
      break;
    } else if (argument.startsWith('-')) throw new UsageError(`unknown option ${argument}`);
    else {
      actions.push({ kind: 'commands', lines: [joinWords(argv.slice(at))] });
      break;
    }
  }
  if (commands.length > 0) actions.push({ kind: 'commands', lines: commands });
  if (actions.length > 1) throw new UsageError('give commands in one way only: -c, -f, -C or words');
  const forced = environment['SSH_ORIGINAL_COMMAND'];
  if (actions.length === 1) {
    result.action = actions[0];
  } else if (forced !== undefined) {
    // sshd runs this as a forced command; what the user wanted is one line of ours, whatever it says.
    result.action = { kind: 'commands', lines: [forced] };
    result.restricted = true;
  }
  refuseFilesWhenRestricted(result);
  return result;
}

function refuseFilesWhenRestricted({ restricted, action }: CliArguments): void {
  const readsFile = (action.kind === 'file' && action.file !== '-') || action.kind === 'check';
  if (restricted && readsFile) throw new UsageError('a restricted user may not read files');
}

function readSeconds(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`option ${option} takes whole seconds, not '${text}'`);
  return Number(text);
}

/** Words that the calling shell has split stay the words they are; bars between commands stay bars. */
function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^\|/.test(word) ? word : renderWord(word))).join(' ');
}
