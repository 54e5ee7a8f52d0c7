import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile, KeyFileError, loadKeyFile, loadOrCreateKeyFile } from '../../src/crypto/key-file.js';
import {
  decodeKey,
  encodeKey,
  formatPublicKey,
  generateSecret,
  KeyError,
  parsePublicKey,
  parseSecret,
} from '../../src/crypto/keys.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('keys as text', () => {
  it('are the base64 everyone else writes, and read back', () => {
    fc.assert(
      fc.property(key32, (key) => {
        const text = encodeKey(primitives, key);
        expect(Buffer.from(text).toString()).toBe(Buffer.from(key).toString('base64'));
        const back = new Uint8Array(32);
        decodeKey(back, text);
        expect(back).toEqual(key);
      }),
    );
  });

  it('refuses what is not the canonical text of 32 bytes, and never shows it', () => {
    const good = formatPublicKey(new Uint8Array(32).fill(0xfb));
    const bad = [
      '',
      good.slice(0, -1),
      `${good}=`,
      `${good}\n\n`,
      ` ${good.slice(1)}`,
      `${good.slice(0, 10)}!${good.slice(11)}`,
      good.replaceAll('+', '-'),
      // The same 32 bytes, but with stray bits in the last character.
      `${good.slice(0, 42)}t=`,
      `${good.slice(0, 42)}==`,
      Buffer.alloc(31).toString('base64'),
      Buffer.alloc(33).toString('base64'),
      'é'.repeat(22),
    ];
    for (const text of bad) {
      const attempt = (): Uint8Array => parsePublicKey(text);
      expect(attempt, text).toThrow(KeyError);
      if (text.length > 8) expect(attempt).not.toThrow(text.slice(0, 8));
    }
    expect(parsePublicKey(`${good}\n`)).toEqual(new Uint8Array(32).fill(0xfb));
  });

  it('decodes random text to a key only when it is that key in base64', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 43, maxLength: 45 }), (text) => {
        const decoded = Buffer.from(text, 'base64');
        if (decoded.length === 32 && decoded.toString('base64') === text) return;
        expect(() => parsePublicKey(text)).toThrow(KeyError);
      }),
    );
  });

  it('parses a secret into memory that is gone after it is freed', () => {
    const secret = parseSecret(primitives, encodeKey(primitives, new Uint8Array(32).fill(7)));
    expect([...secret]).toEqual(Array(32).fill(7));
    primitives.freeLocked(secret);
    expect(secret.length).toBe(0);
  });

  it('draws secrets that differ and have the bits of X25519', () => {
    const [a, b] = [generateSecret(primitives), generateSecret(primitives)];
    expect(Buffer.compare(a, b)).not.toBe(0);
    for (const secret of [a, b]) {
      expect(secret[0] & 7).toBe(0);
      expect(secret[31] & 0b1100_0000).toBe(0b0100_0000);
    }
  });
});

describe('key files', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'octolink-keys-'));
    path = join(folder, 'keys', 'octo0.key');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function problemOf(file: string): string {
    try {
      loadKeyFile(primitives, file);
    } catch (error) {
      expect(error).toBeInstanceOf(KeyFileError);
      return (error as KeyFileError).message;
    }
    return 'none';
  }

  it('are made 0600 in a folder 0700, whatever the umask, and hold the key that was given', () => {
    for (const mask of [0o000, 0o022, 0o277]) {
      const file = join(folder, `keys-${mask}`, 'octo0.key');
      const umask = process.umask(mask === 0o277 ? 0o077 : mask);
      if (mask === 0o277) mkdirSync(join(folder, `keys-${mask}`), { mode: 0o700 });
      process.umask(mask);
      const made = createKeyFile(primitives, file);
      process.umask(umask);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
      expect(loadKeyFile(primitives, file)).toEqual(made);
      expect(readFileSync(file, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
      expect(readdirSync(join(file, '..')), 'no draft is left').toEqual(['octo0.key']);
    }
  });

  it('are made once and loaded ever after', () => {
    const made = loadOrCreateKeyFile(primitives, path);
    expect(loadOrCreateKeyFile(primitives, path)).toEqual(made);
  });

  it('are never overwritten', () => {
    const made = createKeyFile(primitives, path);
    expect(() => createKeyFile(primitives, path)).toThrow('exists already');
    expect(loadKeyFile(primitives, path)).toEqual(made);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['octo0.key']);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])('are refused with mode %o', (mode) => {
    createKeyFile(primitives, path);
    chmodSync(path, mode);
    const problem = problemOf(path);
    expect(problem).toContain(`open to others (mode 0${mode.toString(8)})`);
    expect(() => loadOrCreateKeyFile(primitives, path)).toThrow('open to others');
  });

  it('are refused, and never shown, when they hold no key', () => {
    const text = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU';
    const broken = [
      '',
      '\n',
      text,
      `${text}=\n${text}=\n`,
      `# key\n${text}=\n`,
      `${text}A`,
      text.repeat(1000),
    ];
    for (const content of [...broken, `${text}=${' '.repeat(200)}`, '\0'.repeat(44)]) {
      const file = join(folder, 'broken.key');
      writeFileSync(file, content, { mode: 0o600 });
      const problem = problemOf(file);
      expect(problem).toMatch(/base64/);
      expect(problem).not.toContain('QUJD');
    }
  });

  it.each(['', '\n', '\r\n', '\n\n', ' \t\r\n\r\n'])('may have white space around them, as in %j', (end) => {
    const made = createKeyFile(primitives, path);
    const text = readFileSync(path, 'utf8').trim();
    for (const front of ['', '\ufeff', '\ufeff \n', '\t']) {
      writeFileSync(path, `${front}${text}${end}`);
      expect(loadKeyFile(primitives, path)).toEqual(made);
    }
  });

  it('are refused when missing, a folder or a device, in plain words', () => {
    expect(problemOf(path)).toContain('no such file');
    expect(problemOf(folder)).toContain('not a regular file');
    expect(problemOf('/dev/null')).toContain('not a regular file');
    expect(problemOf(join('/dev/null', 'octo0.key'))).toContain('not a folder');
  });

  it('may be reached by a symbolic link; what it points to is judged', () => {
    createKeyFile(primitives, path);
    const link = join(folder, 'link.key');
    symlinkSync(path, link);
    expect(problemOf(link)).toBe('none');
    chmodSync(path, 0o644);
    expect(problemOf(link)).toContain('open to others');
  });
});

describe('memory of secrets', () => {
  it.each(['allocateSecret', 'allocateLocked'] as const)(
    'of %s is not shown by printing or JSON',
    (allocate) => {
      const secret = primitives[allocate](32).fill(0x41);
      const views = [secret, secret.subarray(4), { key: secret }];
      for (const view of views) {
        expect(`${inspect(view)} ${JSON.stringify(view)}`).not.toMatch(/65|0x41|A{4}|QUFB/);
      }
      expect(secret[0]).toBe(0x41);
    },
  );

  it('is not in the heap of the collector, which would leave copies of it', () => {
    const before = process.memoryUsage().arrayBuffers;
    // So many that what is collected meanwhile does not count.
    const secrets = Array.from({ length: 200_000 }, () => primitives.allocateSecret(32));
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(grown).toBeGreaterThan((secrets.length * 32) / 2);
  });
});
