/** What `octolink` is called with, once: `--help`, the manual and shell completion read it. */
import { DEFAULT_SOCKET } from '../api/index.js';

interface ProgramOption {
  flag: string;
  /** What follows it; absent: nothing. */
  operand?: string;
  help: string;
}

/** Each way to call the program: what follows its name, and what it does. */
export const SYNOPSES: readonly (readonly [string, string])[] = [
  ['[options]', 'start the interactive shell'],
  ['[options] COMMAND...', 'run one command, given as words'],
  ['[options] -c COMMAND...', 'run commands, each given as one argument'],
  ['[options] -f FILE', 'run the lines of a file ("-": standard input)'],
  ['-C FILE', 'check a configuration file without a daemon'],
];

export const OPTIONS: readonly ProgramOption[] = [
  {
    flag: '-s',
    operand: 'PATH',
    help: `control socket (default: $OCTOLINK_SOCKET, else ${DEFAULT_SOCKET})`,
  },
  {
    flag: '-w',
    operand: 'SECONDS',
    help: 'wait this long for a daemon that is still starting (default: 0)',
  },
  { flag: '-c', operand: 'COMMAND', help: 'run this command; may be given several times' },
  { flag: '-f', operand: 'FILE', help: 'run commands or configuration lines from a file' },
  { flag: '-C', operand: 'FILE', help: 'only check a configuration file' },
  { flag: '-j', help: 'print JSON' },
  { flag: '-e', help: 'stop at the first error (always so with -c and -f FILE)' },
  { flag: '-t', help: 'print the time and the command above its output' },
  { flag: '-T', operand: 'SECONDS', help: 'end a command, or an idle shell, after this time' },
  { flag: '-y', help: 'answer yes to all questions' },
  { flag: '-r', help: 'read only: nothing can be changed' },
  {
    flag: '-R',
    help:
      'restricted: no files, no other programs; for login shells and SSH forced commands, ' +
      'always on where octolink is the login shell',
  },
  { flag: '-n', help: 'keep no history' },
  { flag: '--help', help: 'this text' },
  { flag: '--version', help: 'the version of this program' },
];

export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['OCTOLINK_SOCKET', 'control socket, unless -s names one'],
  ['OCTOLINK_HISTFILE', 'file of the command history (default: ~/.octolink_history)'],
  ['SSH_ORIGINAL_COMMAND', 'command to run if there are no arguments, as an SSH forced command'],
  ['NO_COLOR', 'if set, no colours'],
];

export const NOTES =
  'Configuration lines of one run are applied together, all or none. Without ' +
  'arguments, $SSH_ORIGINAL_COMMAND is run if it is set.';

export const EXIT_CODES: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [2, 'syntax'],
  [64, 'usage'],
  [65, 'bad configuration'],
  [69, 'no daemon'],
  [75, 'try again'],
  [77, 'not permitted'],
  [130, 'interrupted'],
];
