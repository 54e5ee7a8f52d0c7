/** Hosts without IPv6: links over IPv4 do not care, the others wait for it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder } from '../../../scripts/lab/lab.js';
import { capture } from '../../../scripts/lab/run.js';
import { needsLab } from '../support.js';
import { Cables } from './cables.js';

/** What a kernel that was booted with `ipv6.disable=1` answers. */
const NO_IPV6 = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
int socket(int family, int type, int protocol) {
  static int (*real)(int, int, int);
  if (family == AF_INET6) { errno = EAFNOSUPPORT; return -1; }
  if (!real) real = dlsym(RTLD_NEXT, "socket");
  return real(family, type, protocol);
}`;

let cables: Cables | undefined;

beforeEach(needsLab);
afterEach(async (context) => {
  await cables?.remove(context);
  cables = undefined;
});

describe('a kernel that has no IPv6', () => {
  it.each(['remote dynamic', 'local any'])('serves links over IPv4: %s', async (line) => {
    let preload = '';
    cables = await Cables.build({
      families: [4, 6],
      prepare: async ({ lab }) => {
        const [source, library] = ['c', 'so'].map((end) => join(hostFolder(lab, 2), `no6.${end}`));
        writeFileSync(source, NO_IPV6);
        await capture('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
        preload = library;
      },
      dress: (node) => {
        if (node.host === 2) node.env = { ...process.env, LD_PRELOAD: preload };
      },
      ends: (host, link) =>
        host === 2 && link === 0
          ? line === 'local any'
            ? { local: 'any' }
            : { local: 'any', remote: 'dynamic' }
          : {},
    });
    await cables.isUp(0);
    await cables.waits(2, 1, 'no ipv6');
  });
});

describe('IPv6 that is turned off for a while', () => {
  it('takes its links down and brings them back, and leaves the others alone', async () => {
    cables = await Cables.build({
      families: [6, 4, 6],
      ends: (_, link) => (link === 2 ? { local: 'u3' } : {}),
    });
    await cables.allUp();
    const { transitions } = await cables.linkOf(1, 1);
    const set = (value: number) =>
      (cables as Cables).lab.run(1, 'sh', ['-c', `echo ${value} > /proc/sys/net/ipv6/conf/all/disable_ipv6`]);
    await set(1);
    await cables.isDown(1, 0);
    await cables.isDown(1, 2);
    await set(0);
    for (const link of [0, 2]) await cables.addAddress(1, link);
    for (const link of [0, 2]) await cables.isUp(link);
    expect((await cables.linkOf(1, 1)).transitions).toBe(transitions);
  });
});
