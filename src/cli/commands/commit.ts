/** What becomes of a candidate, or of what was changed without one: commit, confirm, abort, rollback. */
import { ARCHIVE_ENTRIES } from '../../api/index.js';
import { flag, keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { commitText, warningLines } from '../output/configuration.js';
import { command, type ExecCommand } from './command.js';
import { APPLY_PATIENCE_MS, COMMENT, CONFIRMED } from './configuration.js';

export const ARCHIVE_NUMBER = value(
  'number',
  range(0, ARCHIVE_ENTRIES - 1),
  '0 is what runs, 1 what ran before',
  {
    called: 'number',
  },
);

export const commitCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      keyword('commit', 'Put the candidate in force; or confirm what is in force'),
      options([flag('check', 'Only say whether it could be')], CONFIRMED, COMMENT),
    ],
    details:
      'With "confirmed" it is undone when the time is up, when the connection is lost that asked for it, and when the daemon starts anew. A script that ends in order leaves it to its time. Without a candidate "confirmed" guards what this session has changed and will change.',
    json: { resultOf: 'config.commit' },
    async run(cli, { check = false, ...order }) {
      const result = await cli.commit({ ...order, checkOnly: check });
      cli.remark(warningLines(result.warnings));
      return { data: result, text: check ? ['The configuration is good.'] : commitText(result) };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [keyword('confirm', 'Keep what was committed with "commit confirmed"')],
    json: { resultOf: 'config.confirm' },
    async run(cli) {
      await cli.settle();
      const state = await (await cli.client()).request('config.confirm', {});
      cli.editing.take(state);
      return { data: state, text: ['Confirmed.'] };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      keyword('abort', 'Discard the candidate and leave it; or undo a commit that awaits confirmation'),
    ],
    json: { resultOf: 'config.abort' },
    async run(cli) {
      const result = await (await cli.client()).request('config.abort', {}, APPLY_PATIENCE_MS);
      cli.dropConfiguration();
      cli.editing.take(result.state);
      const said = {
        candidate: 'Discarded the candidate.',
        commit: 'Undid the commit.',
        nothing: '% No changes.',
      };
      return { data: result, text: [said[result.what]] };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [keyword('discard', 'Make the candidate what runs, and stay in it')],
    json: { resultOf: 'config.discard' },
    async run(cli) {
      const result = await (await cli.client()).request('config.discard', {});
      cli.editing.take(result.state);
      return { data: result, text: ['Discarded the changes.'] };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [keyword('update', 'Bring what others have committed meanwhile into the candidate')],
    json: { resultOf: 'config.update' },
    async run(cli) {
      await cli.settle();
      const result = await (await cli.client()).request('config.update', {});
      cli.editing.take(result.state);
      return { data: result, text: result.conflicts.map((place) => `% Kept our own: ${place}`) };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      keyword('rollback', 'Go back to an earlier configuration; into the candidate, if there is one'),
      ARCHIVE_NUMBER,
      options(CONFIRMED, COMMENT),
    ],
    details:
      'When the earlier configuration cannot run any more, nothing is changed. What one session typed line by line is one entry.',
    json: { resultOf: 'config.rollback' },
    async run(cli, order) {
      await cli.settle();
      const candidate = cli.editing.hasCandidate;
      const client = await cli.client();
      const result = await client.request('config.rollback', { ...order, candidate }, APPLY_PATIENCE_MS);
      cli.editing.take(result.state);
      cli.remark(warningLines(result.warnings));
      const loaded = [`Loaded rollback ${order.number}; type "commit" to put it in force.`];
      return { data: result, text: candidate ? loaded : commitText(result) };
    },
  }),
];
