import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { AEAD } from '../../src/native/ops.js';
import { wordsOf } from './another-process.js';

const FUNCTIONS = ['open', 'setkey', 'setiv', 'authenticate', 'encrypt', 'decrypt', 'gettag', 'checktag'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-aead-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Which library another process takes that finds the one in `folder` first. */
function chosen(aead: number): string {
  const env = { ...process.env, LD_LIBRARY_PATH: folder };
  const words = wordsOf(`native.aeadLibrary(${aead})`);
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', env }));
}

/** Puts a libgcrypt of our own there. */
function pretend(source: string): void {
  execFileSync('cc', ['-shared', '-fPIC', '-x', 'c', '-o', join(folder, 'libgcrypt.so.20'), '-'], {
    input: source,
  });
}

test('what seals is OpenSSL, or libgcrypt with its version', () => {
  expect(loadNative().aeadLibrary(AEAD.AES_256_GCM)).toMatch(/^(OpenSSL|libgcrypt \d+\.\d+\.\d+)$/);
  expect(loadNative().aeadLibrary(AEAD.CHACHA20_POLY1305)).toBe('OpenSSL');
});

test('a libgcrypt that cannot be loaded is none', () => {
  writeFileSync(join(folder, 'libgcrypt.so.20'), 'no library');
  expect(chosen(AEAD.AES_256_GCM)).toBe('OpenSSL');
});

test('a libgcrypt without the functions that are needed is none', () => {
  pretend('const char* gcry_check_version(const char* v) { return "1.10.1"; }');
  expect(chosen(AEAD.AES_256_GCM)).toBe('OpenSSL');
});

test('a libgcrypt that does nothing, fast, is not taken', () => {
  pretend(
    [
      'const char* gcry_check_version(const char* v) { return "1.10.1"; }',
      'int gcry_control(int command, ...) { return 0; }',
      'static int something;',
      ...FUNCTIONS.map((name) =>
        name === 'open'
          ? 'int gcry_cipher_open(void** handle) { *handle = &something; return 0; }'
          : `int gcry_cipher_${name}(void* handle) { return 0; }`,
      ),
      'void gcry_cipher_close(void* handle) {}',
    ].join('\n'),
  );
  expect(chosen(AEAD.AES_256_GCM)).toBe('OpenSSL');
});
