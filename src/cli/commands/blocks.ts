/** Parts of the configuration: `show this`, `show running-config interface …`. */
import type { RunningConfig } from '../../api/index.js';
import { flag, keyword, options } from '../../grammar/command.js';
import { renderWord } from '../../grammar/words.js';
import { EXIT, failure } from '../base/failure.js';
import { blockOf } from '../output/blocks.js';
import {
  type Cli,
  command,
  type ExecCommand,
  INTERFACE_NAME,
  type Output,
  PEER_NAME,
  SHOW,
} from './command.js';

const RUNNING = keyword('running-config', 'Running configuration');
const ALL = flag('all', 'Including defaults');
const JSON_FORM = { form: 'an object: `text`, the lines of the block' };

function blockOutput({ text }: RunningConfig, headers: readonly string[]): Output {
  const block = blockOf(text.trimEnd().split('\n'), headers);
  if (block === null) throw failure(EXIT.FAILED, `${headers.join(' ')} not found`);
  return { data: { text: `${block.join('\n')}\n` }, text: block };
}

export const blockCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    everywhere: true,
    tokens: [SHOW, keyword('this', 'The configuration block you are in')],
    json: JSON_FORM,
    async run(cli) {
      await cli.settle();
      const client = await cli.client();
      return blockOutput(await client.request('config.candidate', {}), cli.context);
    },
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, RUNNING, ALL],
    json: JSON_FORM,
    async run(cli) {
      const { text } = await wholeOf(cli, true);
      return { data: { text }, text: text.trimEnd().split('\n') };
    },
  }),
  command({
    privilege: 'read',
    tokens: [
      SHOW,
      RUNNING,
      keyword('interface', 'Only one interface'),
      INTERFACE_NAME,
      options([keyword('peer', 'Only one of its peers'), PEER_NAME], [ALL]),
    ],
    json: JSON_FORM,
    async run(cli, { interface: name, peer, all = false }) {
      const headers = [`interface ${renderWord(name)}`, ...(peer === undefined ? [] : [peerHeader(peer)])];
      return blockOutput(await wholeOf(cli, all), headers);
    },
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, RUNNING, keyword('peer', 'Only one peer'), PEER_NAME, options([ALL])],
    json: JSON_FORM,
    async run(cli, { peer, all = false }) {
      const { text, config } = await wholeOf(cli, all);
      const lines = text.trimEnd().split('\n');
      const found = config.interfaces.flatMap(({ name }) => {
        const header = `interface ${renderWord(name)}`;
        const block = blockOf(lines, [header, peerHeader(peer)]);
        return block === null ? [] : [header, ...block, 'exit'];
      });
      if (found.length === 0) throw failure(EXIT.FAILED, `peer ${peer} not found`);
      return { data: { text: `${found.join('\n')}\n` }, text: found };
    },
  }),
];

function peerHeader(name: string): string {
  return `peer ${renderWord(name)}`;
}

/** What runs; `all`: with what holds by default. */
async function wholeOf(cli: Cli, all: boolean): Promise<RunningConfig> {
  const running = await (await cli.client()).request('show.runningConfig', {});
  if (!all) return running;
  // The grammar of the configuration; most scripts do without it.
  const { renderWithDefaults } = await import('../../config/render.js');
  return { ...running, text: renderWithDefaults(running.config) };
}
