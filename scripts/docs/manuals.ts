/** The manual pages. */
import { DEFAULT_SOCKET } from '../../src/api/index.js';
import { ENVIRONMENT, EXIT_CODES, NOTES, OPTIONS, SYNOPSES } from '../../src/cli/command-line-options.js';
import { CONFIG_MODES } from '../../src/config/language.js';
import { version } from '../../src/daemon/base/version.js';
import * as daemon from '../../src/daemon/options.js';
import { apiMethods } from './api-methods.js';
import {
  configEntries,
  type Entry,
  execEntries,
  leavingEntries,
  MODE_PROMPTS,
  pipeEntries,
} from './entries.js';
import { CONFIG_EXAMPLE, MODE_NOTES } from './prose.js';
import { bold, item, paragraph, roff, section, title, verbatim } from './roff.js';

export function octolink1(): string {
  const synopses = SYNOPSES.flatMap(([form], index) => [
    ...(index === 0 ? [] : ['.br']),
    `${bold('octolink')} ${roff(form)}`,
  ]);
  return page([
    ...title('octolink', 1, 'User Commands', version),
    ...section('NAME'),
    roff('octolink - command line of the Layer-2 multilink VPN Octolink'),
    ...section('SYNOPSIS'),
    ...synopses,
    ...section('DESCRIPTION'),
    roff(
      'Talks to octolinkd over its control socket: interactively at a terminal, in the manner of a router, ' +
        'or command by command for scripts.',
    ),
    ...paragraph(
      'Keywords may be abbreviated as long as they stay unique. "?" lists what can come next, Tab completes. ' +
        NOTES,
    ),
    ...section('OPTIONS'),
    ...OPTIONS.flatMap(({ flag, operand, help }) =>
      item(`${bold(flag)}${operand === undefined ? '' : ` \\fI${operand}\\fP`}`, roff(help)),
    ),
    ...section('COMMANDS'),
    ...execEntries(apiMethods()).flatMap(entryLines),
    ...section('OUTPUT MODIFIERS'),
    roff('After a command and "|"; several may follow each other.'),
    ...pipeEntries().flatMap(entryLines),
    ...section('"EXIT STATUS"'),
    ...EXIT_CODES.flatMap(([code, meaning]) => item(bold(String(code)), roff(meaning))),
    ...section('ENVIRONMENT'),
    ...ENVIRONMENT.flatMap(([name, meaning]) => item(bold(name), roff(meaning))),
    ...section('FILES'),
    ...item(bold(DEFAULT_SOCKET), roff('control socket')),
    ...item(bold('~/.octolink_history'), roff('command history, without lines that might contain a key')),
    ...section('EXAMPLES'),
    ...verbatim(
      [
        'octolink show peers',
        "octolink -c 'show links | json'",
        'octolink -c "wait peer osaka up timeout 30" -c "ping peer osaka"',
        'octolink -f new-links.conf',
        'octolink genkey > key && octolink pubkey < key',
      ].join('\n'),
    ),
    ...seeAlso('octolinkd(8)', 'octolink.conf(5)'),
  ]);
}

export function octolinkd8(): string {
  return page([
    ...title('octolinkd', 8, "System Manager's Manual", version),
    ...section('NAME'),
    roff('octolinkd - daemon of the Layer-2 multilink VPN Octolink'),
    ...section('SYNOPSIS'),
    `${bold('octolinkd')} [options]`,
    ...section('DESCRIPTION'),
    roff(
      'Joins TAP devices to peers over up to eight encrypted UDP links each, and moves traffic between links so ' +
        'that cutting one loses nothing. It stays in the foreground and logs JSON lines to standard error.',
    ),
    ...paragraph(
      'It needs CAP_NET_ADMIN, /dev/net/tun, and CAP_NET_BIND_SERVICE for ports below 1024. It is controlled by ' +
        'octolink(1) over a Unix socket of mode 0660. Root, the user that it runs as, and members of the group ' +
        'octolink may change things; others who can open the socket may only read.',
    ),
    ...section('OPTIONS'),
    ...daemon.optionRows().flatMap(([option, meaning]) => item(bold(option), roff(meaning))),
    ...section('SIGNALS'),
    ...item(bold('SIGTERM, SIGINT'), roff('says goodbye to the peers, removes what it created, and ends')),
    ...item(
      bold('SIGHUP'),
      roff(
        'loads the startup configuration and the key files again, and makes a control socket again that was removed',
      ),
    ),
    ...item(
      bold('SIGUSR2'),
      roff(
        'starts this program again, from the file that is there now and with the startup configuration, and hands ' +
          'over to it once it is ready: the TAP devices stay as they are, and peers miss it for a fraction of a second. ' +
          'When it does not get ready, this daemon goes on',
      ),
    ),
    ...section('"SERVICE MANAGER"'),
    roff(
      'With $NOTIFY_SOCKET set it says READY=1, RELOADING=1, STOPPING=1 and a STATUS line, stores the descriptors of ' +
        'its TAP devices (FDSTORE=1), and takes them up again when it is started anew. With $WATCHDOG_USEC set it says ' +
        'WATCHDOG=1 as long as the datapath of every interface moves.',
    ),
    ...section('"EXIT STATUS"'),
    ...daemon.EXIT_CODES.flatMap(([code, meaning]) => item(bold(String(code)), roff(meaning))),
    ...section('FILES'),
    ...item(bold(daemon.OPTIONS.config.preset), roff('startup configuration, see octolink.conf(5)')),
    ...item(
      bold(daemon.OPTIONS.state.preset),
      roff('private keys, archive of configurations; each daemon needs its own'),
    ),
    ...item(bold(daemon.OPTIONS.socket.preset), roff('control socket')),
    ...seeAlso('octolink(1)', 'octolink.conf(5)'),
  ]);
}

export function octolinkConf5(): string {
  return page([
    ...title('octolink.conf', 5, 'File Formats', version),
    ...section('NAME'),
    roff('octolink.conf - configuration of octolinkd'),
    ...section('DESCRIPTION'),
    roff(
      'The file lists the commands that make up the configuration, the same that are typed in the ' +
        'configuration mode of octolink(1). A block is opened by its header and closed by "exit"; indentation has ' +
        'no meaning. "!" or "#" as the first character of a word begins a comment. Values with blanks are ' +
        'quoted. What is left out has its default.',
    ),
    ...paragraph(
      'Where a "no" form is given, it removes the line; words in brackets may be left out. "octolink -C FILE" ' +
        'checks a file; "write memory" in octolink(1) saves the running configuration.',
    ),
    ...CONFIG_MODES.flatMap((mode) => [
      ...section(`"${MODE_NOTES[mode].title.toUpperCase()}"`),
      roff(`${MODE_NOTES[mode].text} Prompt: ${MODE_PROMPTS[mode]}.`),
      ...configEntries(mode).flatMap(entryLines),
    ]),
    ...section('"IN EVERY MODE"'),
    ...leavingEntries().flatMap(entryLines),
    ...section('EXAMPLE'),
    ...verbatim(CONFIG_EXAMPLE),
    ...seeAlso('octolink(1)', 'octolinkd(8)'),
  ]);
}

function entryLines({ syntax, summary, words, details, no, preset, opens, json, isAdmin }: Entry): string[] {
  const facts = [
    details,
    no === null ? null : no.startsWith('no ') ? `Removed by: ${no}` : `No "no" form: ${no}`,
    preset === null ? null : `Default: ${preset}`,
    opens === null ? null : `Opens the mode ${opens}.`,
    json === null ? null : `JSON: ${json.replaceAll('`', '')}.`,
    isAdmin && no === null ? 'For administrators.' : null,
  ].filter((fact) => fact !== null);
  // The summary has explained its own keyword.
  const others = words.filter(([, help]) => help !== summary);
  return [
    ...item(bold(syntax), roff(`${summary}.`)),
    ...(others.length === 0
      ? []
      : ['.RS', ...others.flatMap(([word, help]) => item(bold(word), roff(help))), '.RE']),
    ...(facts.length === 0
      ? []
      : ['.RS', ...facts.flatMap((fact, index) => [index === 0 ? '.PP' : '.br', roff(fact)]), '.RE']),
  ];
}

function seeAlso(...pages: string[]): string[] {
  const references = pages.map((name) => {
    const [, page, number] = /^(.*)\((\d)\)$/.exec(name) as RegExpExecArray;
    return `.BR ${page} (${number})`;
  });
  return ['.SH "SEE ALSO"', references.join(' ,\n')];
}

function page(lines: string[]): string {
  return `${lines.join('\n')}\n`;
}
