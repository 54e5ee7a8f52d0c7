/** The command line of `octolink` itself. */
import { DEFAULT_SOCKET } from '../api.js';
import { renderWord } from '../grammar/words.js';

export interface CliArguments {
  socket: string;
  /** How long to wait for a daemon that is not there yet. */
  patienceMs: number;
  json: boolean;
  stopAtFirstError: boolean;
  action:
    | { kind: 'help' }
    | { kind: 'version' }
    | { kind: 'check'; file: string }
    | { kind: 'commands'; lines: string[] }
    /** `-` is the standard input. */
    | { kind: 'file'; file: string }
    | { kind: 'shell' };
}

/** Something on the command line that cannot be. */
export class UsageError extends Error {}

export const USAGE = `Usage: octolink [options]                    speak to the daemon interactively
       octolink [options] COMMAND...         run one command, given as words
       octolink [options] -c COMMAND...      run commands, each given as one argument
       octolink [options] -f FILE            run the lines of a file ("-": standard input)
       octolink -C FILE                      check a configuration file, without a daemon

  -s PATH     control socket (default: $OCTOLINK_SOCKET, else ${DEFAULT_SOCKET})
  -w SECONDS  wait up to so long for a daemon that is still starting (default: 0)
  -c COMMAND  run this command; may be given several times
  -f FILE     run commands or configuration lines from a file
  -C FILE     only check a configuration file
  -j          print JSON
  -e          stop at the first error (always so with -c and -f FILE)
  --help      this text
  --version   the version of this program

Configuration lines of one run are applied together, all or none.
Exit codes: 0 done, 1 failed, 2 syntax, 64 usage, 65 bad configuration, 69 no daemon,
75 try again, 77 not permitted, 130 interrupted.`;

/** Reads the arguments behind the program's name. Throws `UsageError`. */
export function readArguments(argv: readonly string[], environment: NodeJS.ProcessEnv): CliArguments {
  const result: CliArguments = {
    socket: environment['OCTOLINK_SOCKET'] || DEFAULT_SOCKET,
    patienceMs: 0,
    json: false,
    stopAtFirstError: false,
    action: { kind: 'shell' },
  };
  const commands: string[] = [];
  const actions: CliArguments['action'][] = [];
  let at = 0;
  const operand = (option: string): string => {
    at++;
    if (at >= argv.length) throw new UsageError(`option ${option} needs a value`);
    return argv[at];
  };
  for (; at < argv.length; at++) {
    const argument = argv[at];
    if (argument === '-s') result.socket = operand('-s');
    else if (argument === '-w') result.patienceMs = readSeconds(operand('-w')) * 1000;
    else if (argument === '-c') commands.push(operand('-c'));
    else if (argument === '-f') actions.push({ kind: 'file', file: operand('-f') });
    else if (argument === '-C') actions.push({ kind: 'check', file: operand('-C') });
    else if (argument === '-j') result.json = true;
    else if (argument === '-e') result.stopAtFirstError = true;
    else if (argument === '-') actions.push({ kind: 'file', file: '-' });
    else if (argument === '--help' || argument === '-h') actions.push({ kind: 'help' });
    else if (argument === '--version') actions.push({ kind: 'version' });
    else if (argument.startsWith('-')) throw new UsageError(`there is no option ${argument}`);
    else {
      actions.push({ kind: 'commands', lines: [joinWords(argv.slice(at))] });
      break;
    }
  }
  if (commands.length > 0) actions.push({ kind: 'commands', lines: commands });
  if (actions.length > 1) throw new UsageError('give commands in one way only: -c, -f, -C or words');
  if (actions.length === 1) result.action = actions[0];
  return result;
}

function readSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`option -w takes whole seconds, not '${text}'`);
  return Number(text);
}

/** Words that the calling shell has split stay the words they are; bars between commands stay bars. */
function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^\|/.test(word) ? word : renderWord(word))).join(' ');
}
