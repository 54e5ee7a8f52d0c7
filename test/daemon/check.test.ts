import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { createKeyFile } from '../../src/crypto/key-file.js';
import { formatPublicKey } from '../../src/crypto/keys.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { checkInterface, type SystemFacts, systemFacts } from '../../src/daemon/interfaces/check.js';

let folder: string;
let keyFile: string;
let ownKey: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-check-'));
  keyFile = join(folder, 'octo0.key');
  ownKey = formatPublicKey(sodiumPrimitives.publicKey(createKeyFile(sodiumPrimitives, keyFile)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Given extends Partial<SystemFacts> {
  own?: string[];
  running?: boolean;
  key?: string;
  psk?: string;
  bridge?: string;
  local?: string;
  keyFile?: string;
}

const OTHER_KEY = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';

function check({
  own = [],
  running = false,
  key = OTHER_KEY,
  psk,
  bridge,
  local,
  keyFile: file = keyFile,
  ...facts
}: Given = {}) {
  const text = [
    'interface octo0',
    ` private-key-file ${file}`,
    ...(bridge === undefined ? [] : [` bridge ${bridge}`]),
    ' peer osaka',
    `  public-key ${key}`,
    ...(psk === undefined ? [] : [`  preshared-key-file ${psk}`]),
    '  link 0',
    ...(local === undefined ? [] : [`   local ${local}`]),
    '   remote 198.51.100.7 port 7700',
    '  exit',
    ' exit',
    ' no shutdown',
    'exit',
  ].join('\n');
  const [config] = parseConfig(text).config.interfaces;
  checkInterface(config, folder, running, {
    free: new Set(own),
    hasDevice: () => false,
    isTap: () => false,
    udpPorts: () => new Set(),
    tapProblem: () => null,
    ...facts,
  });
}

describe('a check of an interface', () => {
  it('finds nothing where a commit would succeed, and creates no key', () => {
    expect(check()).toBeUndefined();
    expect(() => check({ keyFile: join(folder, 'keys', 'later.key') })).not.toThrow();
    expect(existsSync(join(folder, 'keys'))).toBe(false);
    expect(() => check({ hasDevice: () => true, isTap: () => true })).not.toThrow();
    expect(() => check({ hasDevice: () => true, running: true })).not.toThrow();
  });

  it('lets a link wait for its interface, and a TAP for its bridge', () => {
    expect(() => check({ local: 'eth9', bridge: 'br7' })).not.toThrow();
  });

  it('reads key files as the commit will', () => {
    const open = join(folder, 'open.psk');
    writeFileSync(open, `${OTHER_KEY}\n`);
    chmodSync(open, 0o644);
    expect(() => check({ psk: open })).toThrow('open.psk cannot be used');
    expect(() => check({ psk: join(folder, 'none.psk') })).toThrow('none.psk');
    expect(() => check({ keyFile: join(folder, 'later.key') })).toThrow('later.key cannot be used');
    expect(() => check({ key: ownKey })).toThrow(
      'peer osaka: the public key is that of this interface itself',
    );
  });

  it('asks for the device, ports and rights', () => {
    expect(() => check({ hasDevice: (name) => name === 'octo0' })).toThrow('already taken by another device');
    expect(() => check({ tapProblem: () => 'making a TAP needs root' })).toThrow('making a TAP needs root');
    const udpPorts = () => new Set(['4/7700']);
    expect(() => check({ udpPorts })).toThrow('UDP port 7700 is already taken');
    expect(() => check({ udpPorts, own: ['4/7700'] })).not.toThrow();
  });

  it('has the facts of this host', () => {
    const facts = systemFacts({
      ifindex(name) {
        if (name !== 'lo') throw new Error('no such device');
        return 1;
      },
    });
    expect([facts.hasDevice('lo'), facts.hasDevice('eth9')]).toEqual([true, false]);
    for (const port of facts.udpPorts()) expect(port).toMatch(/^[46]\/\d+$/);
  });
});
