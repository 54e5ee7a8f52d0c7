/** The lines about certificates: printed as they were typed, taken back one by one, refused where they contradict. */
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { renderConfig } from '../../src/config/render.js';
import { admitsClients, ClientTemplates } from '../../src/config/templates.js';

const TEXT = `interface octo0
 peer-template gold
  link 0
  exit
 exit
 authority 6MUv2J1y78xEcsDeYHOOMe2LtRHw+Ti8IAgDDZNH0Ws= group staff template gold
 authority 6MUv2J1y78xEcsDeYHOOMe2LtRHw+Ti8IAgDDZNH0Ws=
 revoked-key hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
 certificate /var/lib/octolink/octo0.certificate
exit
`;

function problemsOf(text: string): string[] {
  const { syntax, contradictions } = parseConfig(text);
  return [...syntax, ...contradictions].map(({ message }) => message);
}

const after = (...lines: string[]) =>
  renderConfig(parseConfig(`${TEXT}interface octo0\n${lines.join('\n')}\nexit\n`).config);
const without = (pattern: RegExp) => TEXT.replace(pattern, '');

it('print as they were typed', () => {
  expect(problemsOf(TEXT)).toEqual([]);
  expect(renderConfig(parseConfig(TEXT).config)).toBe(TEXT);
});

it.each([
  ['no authority 6MUv2J1y78xEcsDeYHOOMe2LtRHw+Ti8IAgDDZNH0Ws= group staff', / authority .* group .*\n/],
  ['no authority', /( authority .*\n)+/],
  ['no revoked-key', / revoked-key .*\n/],
  ['no certificate', / certificate .*\n/],
])('%s takes back what it names', (line, pattern) => {
  expect(after(line)).toBe(without(pattern));
});

it('replace what is said of the same authority and group', () => {
  const changed = after('authority 6MUv2J1y78xEcsDeYHOOMe2LtRHw+Ti8IAgDDZNH0Ws= template gold');
  expect(changed.match(/ authority/g)).toHaveLength(2);
  expect(changed).toContain('H0Ws= template gold\n');
});

it('admit clients without a file, with link 0 where no template is named', () => {
  const [found] = parseConfig(TEXT).config.interfaces;
  expect(admitsClients(found)).toBe(true);
  expect(new ClientTemplates(found).get(undefined)?.links.map(({ id }) => id)).toEqual([0]);
  expect(new ClientTemplates(found).get('gold')).not.toBeNull();
});

it('are bounded, and name templates that are there', () => {
  const key = (index: number) =>
    `${Buffer.from([index >> 8, index, ...Array(30).fill(9)]).toString('base64')}`;
  const many = (word: string, count: number) =>
    `interface octo0\n${Array.from({ length: count }, (_, i) => ` ${word} ${key(i)}`).join('\n')}\nexit\n`;
  expect(problemsOf(many('authority', 33))).toEqual(['an interface has at most 32 lines "authority"']);
  expect(problemsOf(many('revoked-key', 1025))).toEqual([
    'an interface has at most 1024 lines "revoked-key"',
  ]);
  expect(problemsOf(TEXT.replace('staff template gold', 'staff template silver'))).toEqual([
    'there is no peer-template silver on this interface',
  ]);
});
