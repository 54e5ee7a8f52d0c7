import { expect, it } from 'vitest';
import { writtenText } from '../../src/cli/output/written.js';

it('a configuration that is saved over the edit of somebody else says where that is', () => {
  const result = { file: '/etc/octolink/octolink.conf', bytes: 7 };
  expect(writtenText({ ...result, othersKeptAs: null })).toEqual([
    'Wrote 7 bytes to /etc/octolink/octolink.conf',
  ]);
  expect(writtenText({ ...result, othersKeptAs: '/srv/real.conf.sav' })).toEqual([
    'Wrote 7 bytes to /etc/octolink/octolink.conf',
    expect.stringMatching(/^% Warning: .*octolink.conf since octolinkd read it; .*\/srv\/real.conf.sav$/),
  ]);
});
