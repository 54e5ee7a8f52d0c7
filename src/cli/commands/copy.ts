/** `copy …`: configurations from one place to another. */
import type { ConfigApplyResult } from '../../api/index.js';
import { keyword, value } from '../../grammar/command.js';
import { LOCAL_FILE } from '../../grammar/values.js';
import { EXIT, failure } from '../base/failure.js';
import { commitText } from '../output/configuration.js';
import { intoFile } from '../output/file.js';
import { writtenText } from '../output/written.js';
import { type Cli, calling, command, type ExecCommand, type Output } from './command.js';
import { applyFile, applyLines } from './configuration-files.js';

const COPY = keyword('copy', 'Copy a configuration');
const RUNNING = keyword('running-config', 'Running configuration');
const STARTUP = keyword('startup-config', 'Startup configuration');
const FILE = value('file', LOCAL_FILE, 'File on this host');
const MERGE = { mode: 'merge', checkOnly: false } as const;

export const copyCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [COPY, RUNNING, STARTUP],
    method: 'config.write',
    params: () => ({}),
    text: writtenText,
  }),
  command({
    privilege: 'admin',
    tokens: [COPY, RUNNING, FILE],
    json: { form: 'the file and its bytes, an object' },
    async run(cli, { file }) {
      if (cli.restricted) throw failure(EXIT.NOT_PERMITTED, 'a restricted user may not write files');
      const { text } = await (await cli.client()).request('show.runningConfig', {});
      const lines = text.trimEnd().split('\n');
      for await (const _ of intoFile(file, { flags: 'w', pass: false })(once(lines)));
      const bytes = Buffer.byteLength(lines.join('\n')) + 1;
      return { data: { file, bytes }, text: [`Wrote ${bytes} bytes to ${file}`] };
    },
  }),
  command({
    privilege: 'admin',
    tokens: [COPY, STARTUP, RUNNING],
    details: 'Lines are added to what runs, as if they were typed. To go back to it, use "reload".',
    json: { resultOf: 'config.apply' },
    async run(cli) {
      const { file, text } = await (await cli.client()).request('show.startupConfig', {});
      if (text === null) throw failure(EXIT.FAILED, `there is no startup configuration ${file}`);
      return merged(cli, await applyLines(cli, text.split('\n'), file, MERGE), file);
    },
  }),
  command({
    privilege: 'admin',
    tokens: [COPY, FILE, RUNNING],
    details: 'Lines are added to what runs, all or none. To replace what runs, use "configure replace".',
    json: { resultOf: 'config.apply' },
    run: async (cli, { file }) => merged(cli, await applyFile(cli, file, MERGE), file),
  }),
];

async function* once(lines: string[]): AsyncGenerator<string[]> {
  yield lines;
}

function merged(cli: Cli, result: ConfigApplyResult, file: string): Output {
  const said = cli.editing.hasCandidate
    ? [`Merged ${file} into the candidate.`]
    : commitText({ ...result, confirmed: false });
  return { data: result, text: said };
}
