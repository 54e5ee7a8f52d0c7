import { describe, expect, it } from 'vitest';
import { eventText } from '../../src/cli/output/events.js';
import { diffConfigs } from '../../src/config/diff.js';
import { editConfig, parseConfig } from '../../src/config/edit.js';
import { changeSummary } from '../../src/daemon/commits/change-summary.js';
import { EXAMPLE } from '../control/fixtures.js';

function summaryOf(context: string[], lines: string[]) {
  const before = parseConfig(EXAMPLE).config;
  return changeSummary(diffConfigs(before, editConfig(before, context, lines).config));
}

describe('what a commit changed', () => {
  it('is told with the block that it stands in', () => {
    expect(summaryOf(['interface octo0', 'peer osaka'], ['policy passive'])).toEqual({
      changes: ['peer osaka: -policy active', 'peer osaka: +policy passive'],
      changedLines: 2,
    });
    expect(summaryOf([], ['hostname kyoto']).changes).toEqual(['-hostname tokyo', '+hostname kyoto']);
  });

  it('is cut short where much was changed, and says by how much', () => {
    const summary = summaryOf(
      ['interface octo0'],
      ['peer kyoto', 'policy active', 'link 0', 'remote 192.0.2.1'],
    );
    expect(summary.changes).toHaveLength(3);
    expect(summary.changes[0]).toBe('interface octo0: +peer kyoto');
    const text = eventText({ kind: 'config', by: 'ana', what: 'changed', timeMs: 0, ...summary });
    expect(text).toMatch(
      / configuration: changed by ana: interface octo0: \+peer kyoto; .*; \d+ lines? more$/,
    );
  });
});
