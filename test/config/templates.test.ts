/** Templates of peers: what is taken from them, and what is refused. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { renderConfig } from '../../src/config/render.js';
import { ClientTemplates, withTemplates } from '../../src/config/templates.js';

const KEY = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';

const TEXT = `interface octo0
 authorized-keys /etc/octolink/keys template gold
 peer-template gold
  description for those who pay
  policy active copies 3
  link 0
   local any port 7701
   timers interval 50 hold 200
  exit
  link 1
   priority 7
  exit
 exit
 peer osaka
  template gold
  public-key ${KEY}
  policy passive
  link 1
   remote 192.0.2.1 port 7700
  exit
  link 2
   remote dynamic
  exit
 exit
 no shutdown
exit
`;

function parsed(text: string) {
  const { config, syntax, contradictions, warnings } = parseConfig(text);
  expect(syntax).toEqual([]);
  return { found: config.interfaces[0], config, contradictions, warnings };
}

describe('a template', () => {
  it('prints as it was typed, and so does who takes it', () => {
    expect(renderConfig(parsed(TEXT).config)).toBe(TEXT);
  });

  it('says what a peer does not; the lines of the peer and of its links win', () => {
    const [osaka] = withTemplates(parsed(TEXT).found).peers;
    expect(osaka).toEqual({
      name: 'osaka',
      template: 'gold',
      publicKey: KEY,
      policy: 'passive',
      links: [
        { id: 0, local: { kind: 'any', port: 7701 }, timers: { interval: 50, hold: 200 } },
        { id: 1, priority: 7, remote: { kind: 'address', address: '192.0.2.1', port: 7700 } },
        { id: 2, remote: { kind: 'dynamic' } },
      ],
    });
  });

  it('gives clients links that wait for their call, the same ones as long as it says the same', () => {
    const { found } = parsed(TEXT);
    const first = new ClientTemplates(found);
    expect(first.get(undefined)).toBe(first.get('gold'));
    expect(first.get('silver')).toBeNull();
    expect(first.get('gold')?.links.map(({ id, remote }) => [id, remote?.kind])).toEqual([
      [0, 'dynamic'],
      [1, 'dynamic'],
    ]);
    expect(first.following(parsed(TEXT.replace('osaka', 'kyoto')).found).get('gold')).toBe(first.get('gold'));
    expect(first.following(parsed(TEXT.replace('priority 7', 'priority 8')).found).get('gold')).not.toEqual(
      first.get('gold'),
    );
  });

  it('lets its clients reach each other unless it says otherwise, and members of a registry directly', () => {
    const groupOf = (text: string) => new ClientTemplates(parsed(text).found).get(undefined)?.splitHorizon;
    expect(groupOf(TEXT)).toBe(false);
    expect(groupOf('interface octo0\nauthorized-keys /k\n')).toBe(false);
    expect(groupOf(TEXT.replace(' policy active', ' split-horizon group 1\n  policy active'))).toBe(1);
    expect(
      groupOf(TEXT.replace(' peer osaka', ' registry etcd https://192.0.2.9:2379\n peer osaka')),
    ).toBeUndefined();
  });

  it('is not needed: a client has link 0 then', () => {
    const { found } = parsed('interface octo0\nauthorized-keys /k\n');
    expect(new ClientTemplates(found).get(undefined)?.links).toEqual([
      { id: 0, remote: { kind: 'dynamic' } },
    ]);
  });

  it.each([
    [
      `interface octo0\npeer-template gold\npublic-key ${KEY}\n`,
      'a peer-template has no public-key of its own',
    ],
    ['interface octo0\npeer-template gold\ntemplate gold\n', 'a peer-template has no template of its own'],
    [
      'interface octo0\nauthorized-keys /k template gold\n',
      'there is no peer-template gold on this interface',
    ],
    ['interface octo0\npeer a\ntemplate gold\n', 'there is no peer-template gold on this interface'],
    [
      'interface octo0\npeer-template gold\nlink 0\ntimers interval 100 hold 150\n',
      'hold 150 is less than twice the interval of 100 ms',
    ],
    [
      'interface octo0\npeer-template gold\nlink 0\nlocal 192.0.2.1\nexit\nexit\npeer a\ntemplate gold\nlink 0\nremote 2001:db8::1 port 1\n',
      'local is IPv4, remote is IPv6',
    ],
  ])('is refused where it contradicts: %j', (text, message) => {
    expect(parsed(text).contradictions.map((problem) => problem.message)).toContain(message);
  });
});
