/** The lines `registry`. */
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { renderConfig } from '../../src/config/render.js';

const LINES = [
  'registry etcd https://192.0.2.9:2379',
  'registry etcd http://[2001:db8::1]:2379',
  'registry prefix /octolink/office',
  'registry name berlin',
  'registry ca-file /etc/octolink/ca.pem',
  'registry certificate-file /etc/octolink/own.pem key-file /etc/octolink/own.key',
  'registry user octo password-file /etc/octolink/password',
  'registry trust any-record',
  'registry revoker hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
];
const parse = (lines: string[]) =>
  parseConfig(`interface octo0\n${lines.map((line) => ` ${line}\n`).join('')}`);

it('come back as they were given, and each goes by its "no" form', () => {
  const { config } = parse(LINES);
  for (const line of LINES) expect(renderConfig(config)).toContain(line);
  const gone = LINES.map((line) => `no ${line}`);
  expect(renderConfig(parse([...LINES, ...gone]).config)).not.toContain('registry');
});

it('warn of what is missing and of a password in the clear', () => {
  const messages = (lines: string[]) => parse(lines).warnings.map(({ message }) => message);
  expect(messages(['registry name berlin']).join('\n')).toMatch(/no server yet[\s\S]*nobody is believed/);
  expect(messages([...LINES]).join('\n')).toContain('in the clear');
});

it.each([
  'registry etcd https://192.0.2.9:2379/path',
  'registry etcd ftp://192.0.2.9',
  'registry etcd https://user:word@192.0.2.9:2379',
  'registry prefix octolink',
  'registry prefix /a//b',
])('refuse %s', (line) => {
  expect(renderConfig(parse([line]).config)).not.toContain('registry');
});

it('name a template that exists', () => {
  expect(parse(['registry template gold']).contradictions.map(({ message }) => message)).toContain(
    'there is no peer-template gold on this interface',
  );
});
