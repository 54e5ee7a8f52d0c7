/** The addon on a kernel that reports, in place of some messages, that it had no memory for one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordsOf } from './another-process.js';

const RECV = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
ssize_t recv(int fd, void *buffer, size_t size, int flags) {
  static ssize_t (*real)(int, void *, size_t, int);
  static int calls = 0;
  calls++;
  if (FAILS(calls)) { errno = ENOBUFS; return -1; }
  if (!real) real = dlsym(RTLD_NEXT, "recv");
  return real(fd, buffer, size, flags);
}`;

/** What an expression of `native` makes, as JSON, in a process whose calls of `recv` with these numbers, from 1 on, fail. */
export function shortOfMemory(calls: readonly number[], expression: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'octolink-'));
  try {
    const [source, library] = ['recv.c', 'recv.so'].map((name) => join(folder, name));
    writeFileSync(source, RECV);
    const fails = `-DFAILS(n)=(${calls.map((call) => `(n) == ${call}`).join(' || ')})`;
    execFileSync('cc', ['-shared', '-fPIC', fails, '-o', library, source, '-ldl']);
    const preload = [process.env['LD_PRELOAD'] ?? '', library].join(' ').trim();
    const env = { ...process.env, LD_PRELOAD: preload };
    return JSON.parse(execFileSync(process.execPath, wordsOf(expression), { env, encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
