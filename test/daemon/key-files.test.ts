import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InterfaceConfig, PeerConfig } from '../../src/api/config.js';
import { createKeyFile } from '../../src/crypto/key-file.js';
import { formatPublicKey } from '../../src/crypto/keys.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { identityOf, loadKeys } from '../../src/daemon/interfaces/interface-keys.js';

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-key-files-'));
  state = join(folder, 'state');
  mkdirSync(state);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function withKeyFile(privateKeyFile?: string): InterfaceConfig {
  const config = { name: 'octo0', enabled: true, addresses: [], disabledOffloads: [], peers: [] };
  return { ...config, ...(privateKeyFile !== undefined && { privateKeyFile }) } as unknown as InterfaceConfig;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('a private key', () => {
  it('is made in the folder of keys, and nowhere else', () => {
    const ours = join(state, 'keys', 'mine.key');
    loadKeys(withKeyFile(), state);
    loadKeys(withKeyFile(ours), state);
    expect(existsSync(join(state, 'keys', 'octo0.key'))).toBe(true);
    expect(existsSync(ours)).toBe(true);
    for (const path of [
      join(folder, 'elsewhere.key'),
      join(state, 'beside.key'),
      join(state, 'keys', '..', '..', 'out.key'),
      join(state, 'keys', 'deeper', 'octo0.key'),
    ]) {
      expect(() => loadKeys(withKeyFile(path), state)).toThrow('cannot be used');
      expect(existsSync(path)).toBe(false);
    }
  });

  it('that exists elsewhere is used', () => {
    const path = join(folder, 'elsewhere.key');
    const made = createKeyFile(sodiumPrimitives, path);
    expect(loadKeys(withKeyFile(path), state).secretKey).toEqual(made);
  });
});

describe('what is said of a file outside the folder of keys', () => {
  it('is the same whether it is missing, open to others, a folder, or holds anything but a key', () => {
    const path = join(folder, 'asked.key');
    const ways: (() => void)[] = [
      () => undefined,
      () => writeFileSync(path, 'root:secret', { mode: 0o600 }),
      () => writeFileSync(path, '', { mode: 0o600 }),
      () => {
        createKeyFile(sodiumPrimitives, path);
        chmodSync(path, 0o644);
      },
      () => mkdirSync(path),
    ];
    const peer = {
      name: 'osaka',
      publicKey: formatPublicKey(generateKeyPair(sodiumPrimitives).publicKey),
      presharedKeyFile: path,
      links: [],
    } as unknown as PeerConfig;
    const said = new Set<string>();
    for (const make of ways) {
      make();
      said.add(messageOf(() => loadKeys(withKeyFile(path), state)));
      said.add(messageOf(() => identityOf(peer, state)));
      rmSync(path, { recursive: true, force: true });
    }
    expect([...said]).toEqual([`key file ${path} cannot be used; the log of the daemon says why`]);
  });

  it('has its reason as a cause, for the log', () => {
    try {
      loadKeys(withKeyFile(join(folder, 'missing.key')), state);
      expect.unreachable();
    } catch (error) {
      expect(String((error as Error).cause)).toContain('no such file');
    }
  });
});
