/** One of two links leaves by a device that cannot cut UDP datagrams (EIO, as of PPP or an IPsec policy); the other can. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostFolder } from '../../../scripts/lab/lab.js';
import { lanAddress } from '../../../scripts/lab/mesh.js';
import { run, until } from '../../../scripts/lab/run.js';
import { carries, needsLab } from '../support.js';
import { Cables, PATIENCE_S } from './cables.js';

/** Refuses what is to be cut and goes to 10.2.0.2, as long as a file is there. */
const REFUSES = `
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
static int refused(struct msghdr *message) {
  struct sockaddr_in *to = message->msg_name;
  if (!to || to->sin_family != AF_INET || to->sin_addr.s_addr != inet_addr("10.2.0.2")) return 0;
  for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one; one = CMSG_NXTHDR(message, one))
    if (one->cmsg_level == SOL_UDP && one->cmsg_type == UDP_SEGMENT) return access(getenv("REFUSE"), F_OK) == 0;
  return 0;
}
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  static int (*real)(int, struct mmsghdr *, unsigned, int);
  if (!real) real = dlsym(RTLD_NEXT, "sendmmsg");
  unsigned good = 0;
  while (good < count && !refused(&messages[good].msg_hdr)) good++;
  if (good == 0 && count > 0) { errno = EIO; return -1; }
  return real(fd, messages, good, flags);
}`;

/** Larger than a datagram, so that the frame goes in pieces, all by one send where the device can cut. */
const LARGE = 8000;

let cables: Cables | undefined;

beforeEach(needsLab);
afterEach(async (context) => {
  await cables?.remove(context);
  cables = undefined;
});

/** How many packets to be cut have left by a device since the last time. */
async function cut(lines: Cables, device: string): Promise<number> {
  const { nftables } = JSON.parse(await lines.lab.run(1, 'nft', ['-j', 'reset', 'counters'])) as {
    nftables: { counter?: { name: string; packets: number } }[];
  };
  return nftables.find(({ counter }) => counter?.name === device)?.counter?.packets ?? 0;
}

async function count(lines: Cables): Promise<void> {
  const nft = (command: string) => lines.lab.run(1, 'nft', [command]);
  await nft('add table inet watch');
  await nft('add chain inet watch seen { type filter hook output priority 0; }');
  for (const device of ['u1', 'u2']) {
    await nft(`add counter inet watch ${device}`);
    await nft(`add rule inet watch seen oifname ${device} meta length > 3000 counter name ${device}`);
  }
}

it('is given up by that link alone, told, and tried again when the path has changed', async () => {
  let refuse = '';
  let library = '';
  cables = await Cables.build({
    families: [4, 4],
    edit: (_, config) => config.replace(' listen', ' mtu 9000\n listen'),
    prepare: async ({ lab }) => {
      const source = join(hostFolder(lab, 1), 'refuses.c');
      library = join(hostFolder(lab, 1), 'refuses.so');
      refuse = join(hostFolder(lab, 1), 'refuse');
      for (const [file, text] of [
        [source, REFUSES],
        [refuse, ''],
      ])
        writeFileSync(file, text);
      await run('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    },
    dress: (node) => {
      if (node.host === 1) node.env = { ...process.env, LD_PRELOAD: library, REFUSE: refuse };
    },
  });
  const lines = cables;
  await lines.allUp();
  await count(lines);
  const [node] = lines.site.nodes;
  const pings = () => carries(lines.namespace(1), lanAddress(2), LARGE);
  const cutBy = async (device: string) => {
    await cut(lines, device);
    expect(await pings()).toBe(true);
    return cut(lines, device);
  };
  expect(await cutBy('u1')).toBeGreaterThan(0);

  await node.cli('drain link h2 0');
  expect(await cutBy('u2')).toBe(0);
  const told = async () => /link 1\b.*(segmentation|GSO)/i.test(await node.cli('show events last 20'));
  await until('an event to tell of link 1', told, PATIENCE_S * 1000);
  await node.cli('undrain link h2 0');
  await lines.isUp(0);
  expect(await cutBy('u1')).toBeGreaterThan(0);
  const [shown] = await node.call('show.interfaces', {});
  expect(shown.offloads.granted).toContain('udp-gso');

  rmSync(refuse);
  await lines.flap(1, 1);
  await lines.isUp(1);
  await node.cli('drain link h2 0');
  expect(await cutBy('u2')).toBeGreaterThan(0);
});
