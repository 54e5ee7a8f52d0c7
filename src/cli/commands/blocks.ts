/** Parts of the configuration: `show this`, `show running-config interface …`. */
import type { RunningConfig } from '../../api/index.js';
import { keyword, options } from '../../grammar/command.js';
import { EXIT, failure } from '../base/failure.js';
import { blockOf } from '../output/blocks.js';
import { command, type ExecCommand, INTERFACE_NAME, type Output, PEER_NAME, SHOW } from './command.js';

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
    tokens: [
      SHOW,
      keyword('running-config', 'Running configuration'),
      keyword('interface', 'Only one interface'),
      INTERFACE_NAME,
      options([keyword('peer', 'Only one of its peers'), PEER_NAME]),
    ],
    json: JSON_FORM,
    async run(cli, { interface: name, peer }) {
      const client = await cli.client();
      const headers = [`interface ${name}`, ...(peer === undefined ? [] : [`peer ${peer}`])];
      return blockOutput(await client.request('show.runningConfig', {}), headers);
    },
  }),
];
