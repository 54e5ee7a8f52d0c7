/** What becomes of a candidate, or of what was changed without one: commit, confirm, abort, rollback. */
import { ARCHIVE_ENTRIES } from '../../api/index.js';
import { flag, keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { commitText, warningLines } from '../output/configuration.js';
import { command, type ExecCommand } from './command.js';
import { COMMENT, CONFIRMED } from './configuration.js';
import { APPLY_PATIENCE_MS } from './configuration-files.js';

export const ARCHIVE_NUMBER = value(
  'number',
  range(0, ARCHIVE_ENTRIES - 1),
  '0 is the running configuration, 1 the one before',
  {
    called: 'number',
  },
);

export const commitCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      keyword('commit', 'Apply the candidate, or confirm the last commit'),
      options([flag('check', 'Only check, change nothing')], CONFIRMED, COMMENT),
    ],
    details:
      'With "confirmed" the commit is rolled back when the time is up, when the connection that made it is lost, and when the daemon restarts. A script that ends normally leaves it waiting for its time. Without a candidate, "confirmed" covers what this connection has changed and will change.',
    json: { resultOf: 'config.commit' },
    async run(cli, { check = false, ...order }) {
      const result = await cli.commit({ ...order, checkOnly: check });
      cli.remark(warningLines(result.warnings));
      return { data: result, text: check ? ['The configuration is valid.'] : commitText(result) };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [keyword('confirm', 'Keep what "commit confirmed" has applied')],
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
    tokens: [keyword('abort', 'Discard the candidate and leave it, or roll back an unconfirmed commit')],
    json: { resultOf: 'config.abort' },
    async run(cli) {
      const result = await (await cli.client()).request('config.abort', {}, APPLY_PATIENCE_MS);
      cli.dropConfiguration();
      cli.editing.take(result.state);
      const said = {
        candidate: 'Discarded the candidate.',
        commit: 'Rolled back the commit.',
        nothing: '% Nothing to abort.',
      };
      return { data: result, text: [said[result.what]] };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [keyword('discard', 'Reset the candidate to the running configuration and stay in it')],
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
    tokens: [keyword('update', 'Merge what others have committed since into the candidate')],
    json: { resultOf: 'config.update' },
    async run(cli) {
      await cli.settle();
      const result = await (await cli.client()).request('config.update', {});
      cli.editing.take(result.state);
      return {
        data: result,
        text:
          result.conflicts.length === 0
            ? ['Updated the candidate; nothing conflicts.']
            : result.conflicts.map((place) => `% Conflict, kept the candidate's value: ${place}`),
      };
    },
  }),
  command({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      keyword('rollback', 'Return to an earlier configuration, or load it into the candidate'),
      ARCHIVE_NUMBER,
      options(CONFIRMED, COMMENT),
    ],
    details:
      'If the earlier configuration can no longer run, nothing is changed. Lines typed one by one over one connection make one entry.',
    json: { resultOf: 'config.rollback' },
    async run(cli, order) {
      await cli.settle();
      const candidate = cli.editing.hasCandidate;
      const client = await cli.client();
      const result = await client.request('config.rollback', { ...order, candidate }, APPLY_PATIENCE_MS);
      cli.editing.take(result.state);
      cli.remark(warningLines(result.warnings));
      const loaded = [`Loaded rollback ${order.number}; type "commit" to apply it.`];
      return { data: result, text: candidate ? loaded : commitText(result) };
    },
  }),
];
