/** A network authority on a machine without a daemon. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { octolink } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'octolink-authority-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('an authority', () => {
  it('signs certificates for members, and reads them', async () => {
    const offline = async (line: string) => (await octolink(['-c', line], '', '/nonexistent')).out;
    const authority = file('authority.key', await offline('genkey'));
    const key = (await offline(`authority pubkey ${authority}`)).trim();
    const { out } = await octolink(['pubkey'], await offline('genkey'), '/nonexistent');
    const member = out.trim();
    const signed = await offline(`authority sign ${authority} osaka ${member} group b,a valid 2d`);
    const certificate = file('certificate', signed);
    expect(JSON.parse(await offline(`show certificate ${certificate} json`))).toMatchObject({
      name: 'osaka',
      publicKey: member,
      authority: key,
      groups: ['a', 'b'],
    });
    const damaged = await octolink(['-c', `show certificate ${authority}`], '', '/nonexistent');
    expect([damaged.code, damaged.err]).toEqual([65, expect.stringContaining('holds no certificate')]);
  });

  it.each([
    'authority pubkey /nonexistent',
    'authority sign /nonexistent osaka 6MUv2J1y78xEcsDeYHOOMe2LtRHw+Ti8IAgDDZNH0Ws= group staff valid 2d',
    'show certificate /nonexistent',
  ])('says that a file is not there: %s', async (line) => {
    const { code, err } = await octolink(['-c', line], '', '/nonexistent');
    expect([code, err]).toEqual([1, expect.stringContaining('cannot read /nonexistent')]);
  });
});
