/** The ways into configuration mode, and what replaces, saves or reloads a configuration as a whole. */
import { MAX_COMMENT, MAX_CONFIRM_MINUTES, MAX_RELOAD_MINUTES } from '../../api/index.js';
import { choice, flag, keyword, options, value } from '../../grammar/command.js';
import { LINE, LOCAL_FILE, NAME, range } from '../../grammar/values.js';
import { EXIT, failure } from '../base/failure.js';
import { commitText, configurationText, stateRemarks } from '../output/configuration.js';
import { writtenText } from '../output/written.js';
import { CLEAR, type Cli, calling, command, type ExecCommand } from './command.js';
import { APPLY_PATIENCE_MS, applyFile } from './configuration-files.js';
import { copyCommands } from './copy.js';

export const COMMENT = [
  keyword('comment', 'Comment for the archive'),
  value('comment', LINE, `Up to ${MAX_COMMENT} characters`),
] as const;
export const CONFIRMED = [
  keyword('confirmed', 'Roll back unless confirmed in time'),
  value('confirmMinutes', range(1, MAX_CONFIRM_MINUTES, 'minutes'), 'Time to confirm', {
    called: 'minutes',
  }),
] as const;

const CONFIGURE = keyword('configure', 'Enter configuration mode, or replace the configuration');
const FORCE = flag('force', 'Take the configuration over from its holder');
const SESSION_NAME = value('session', NAME, 'Name of a candidate', {
  complete: 'session',
  called: 'session',
});

function enteringAtOnce(tokens: Parameters<typeof command>[0]['tokens']): ExecCommand {
  return command({
    privilege: 'admin',
    // Configurations that are pasted begin with it, wherever one stands.
    everywhere: true,
    tokens,
    json: null,
    async run(cli) {
      await cli.settle();
      if (cli.editing.hasCandidate) throw failure(EXIT.FAILED, 'a candidate is open: commit or abort first');
      await cli.openConfiguration({ mode: 'terminal' });
      return null;
    },
  });
}

export const configurationCommands: ExecCommand[] = [
  enteringAtOnce([CONFIGURE, options([keyword('terminal', 'Each line takes effect at once (default)')])]),
  command({
    privilege: 'admin',
    tokens: [
      CONFIGURE,
      keyword('exclusive', 'Edit a candidate and lock the configuration for everyone else'),
      options([FORCE]),
    ],
    json: null,
    async run(cli, { force = false }) {
      await cli.openConfiguration({ mode: 'exclusive', force });
      return null;
    },
  }),
  command({
    privilege: 'admin',
    tokens: [CONFIGURE, keyword('private', 'Edit a candidate of your own; others can work at the same time')],
    json: null,
    async run(cli) {
      await cli.openConfiguration({ mode: 'private' });
      return null;
    },
  }),
  command({
    privilege: 'admin',
    tokens: [
      CONFIGURE,
      keyword('session', 'Edit a named candidate, kept until it is committed'),
      SESSION_NAME,
      options([FORCE]),
    ],
    json: null,
    async run(cli, { session: name, force = false }) {
      await cli.openConfiguration({ mode: 'session', session: name, force });
      return null;
    },
  }),
  command({
    privilege: 'admin',
    tokens: [
      CONFIGURE,
      keyword('replace', 'Replace the whole configuration by a file; only differences are applied'),
      value('file', LOCAL_FILE, 'File on this host'),
      options([flag('check', 'Only show what would change')], CONFIRMED, COMMENT),
    ],
    details:
      'The order of peers, links and addresses does not matter. A file that matches the running configuration changes nothing, and the answer says so.',
    json: { resultOf: 'config.apply' },
    async run(cli, { file, check = false, ...order }) {
      const result = await applyFile(cli, file, { ...order, mode: 'replace', checkOnly: check });
      const { hasCandidate } = cli.editing;
      const said = hasCandidate
        ? [`Loaded ${file} into the candidate.`]
        : commitText({ ...result, confirmed: false });
      if (result.diff === null) return { data: result, text: said };
      const text = result.diff.length > 0 ? result.diff : [`${file} is valid and would change nothing.`];
      return { data: result, text };
    },
  }),
  calling({
    privilege: 'admin',
    tokens: [
      CLEAR,
      keyword('configuration', 'Named candidates'),
      keyword('session', 'Discard a named candidate that nobody is editing'),
      SESSION_NAME,
    ],
    method: 'config.removeSession',
    params: (which) => which,
    text: (_, { session }) => [`Discarded the candidate ${session}.`],
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('write', 'Save the configuration'),
      options([keyword('memory', 'As the startup configuration (default)')]),
    ],
    method: 'config.write',
    params: () => ({}),
    text: writtenText,
  }),
  command({
    privilege: 'admin',
    tokens: [
      keyword('write', 'Save the configuration'),
      keyword('erase', 'Make the startup configuration an empty one; what runs stays as it is'),
    ],
    json: { resultOf: 'config.erase' },
    async run(cli) {
      if (!(await cli.confirm('The startup configuration will be empty. Proceed?'))) {
        const hint = cli.interactive ? '' : '; use -y to answer yes';
        throw failure(EXIT.FAILED, `nothing was erased${hint}`);
      }
      const result = await (await cli.client()).request('config.erase', {});
      return { data: result, text: [`Erased ${result.file}; what it held is in ${result.file}.sav`] };
    },
  }),
  calling({
    privilege: 'read',
    tokens: [
      keyword('write', 'Save the configuration'),
      keyword('terminal', 'Print the running configuration'),
    ],
    method: 'show.runningConfig',
    params: () => ({}),
    text: configurationText,
  }),
  ...copyCommands,
  command({
    privilege: 'admin',
    tokens: [
      keyword('reload', 'Return to the startup configuration'),
      options([
        choice(
          [
            keyword('in', 'After a delay, unless cancelled'),
            value('inMinutes', range(1, MAX_RELOAD_MINUTES, 'minutes'), 'Delay', {
              called: 'minutes',
            }),
          ],
          [flag('cancel', 'Cancel the scheduled reload')],
        ),
      ]),
    ],
    json: { form: 'the result of reload.start, or of reload.cancel' },
    run: (cli, { inMinutes, cancel }) => (cancel ? cancelReload(cli) : reload(cli, inMinutes)),
  }),
];

async function reload(cli: Cli, inMinutes: number | undefined) {
  const client = await cli.client();
  if (inMinutes === undefined) await agreeToLoss(cli, (await client.request('config.state', {})).unsaved);
  const params = inMinutes === undefined ? {} : { inMinutes };
  const result = await client.request('reload.start', params, APPLY_PATIENCE_MS);
  cli.editing.take(result.state);
  const text = inMinutes === undefined ? commitText(result) : stateRemarks(result.state);
  return { data: result, text };
}

/** Unsaved changes are lost by a reload. Throws `CliFailure` when the user declines. */
async function agreeToLoss(cli: Cli, unsaved: boolean): Promise<void> {
  if (!unsaved || (await cli.confirm('Unsaved changes will be lost. Proceed?'))) return;
  const hint = cli.interactive ? '' : '; use -y to answer yes';
  throw failure(EXIT.FAILED, `there are unsaved changes, so nothing was reloaded${hint}`);
}

async function cancelReload(cli: Cli) {
  const client = await cli.client();
  const state = await client.request('reload.cancel', {});
  cli.editing.take(state);
  return { data: state, text: ['Reload cancelled.'] };
}
