/** `import …`: configurations of other programs, printed as Octolink's. It needs no daemon. */
import { keyword, value } from '../../grammar/command.js';
import { LOCAL_FILE } from '../../grammar/values.js';
import { configurationText } from '../output/configuration.js';
import { command, type ExecCommand } from './command.js';
import { readText } from './configuration-files.js';

export const importCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      keyword('import', 'Convert the configuration of another program and print it'),
      keyword('kronosnetd', 'From kronosnetd; lines that cannot be converted are reported'),
      value('file', LOCAL_FILE, 'Configuration file'),
    ],
    json: { form: '{ "text": the configuration, "remarks": [{ "line", "text", "message" }] }' },
    async run(cli, { file }) {
      const [{ importKronosnetd }, { renderConfig }] = await Promise.all([
        import('../../config/import-kronosnetd.js'),
        import('../../config/render.js'),
      ]);
      const { config, remarks } = importKronosnetd(await readText(cli, file));
      cli.remark(remarks.map(({ line, text, message }) => `${file}:${line}: ${text.trim()}: ${message}`));
      const text = renderConfig(config);
      return { data: { text, remarks }, text: configurationText({ text }) };
    },
  }),
];
