import { readFileSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { NETLINK, NETLINK_KIND } from '../../src/native/ops.js';
import { kernelFacts, tellChanges } from '../../src/worker/kernel-facts.js';
import { ip, needsRoot, uniqueName } from './root.js';
import { addressWords } from './rows.js';
import { shortOfMemory } from './short-of-memory.js';

const native = loadNative();
const PATIENCE_US = 5_000_000;
const ROWS = 128;
const UP = 1;
const RUNNING = 2;
/** Index that no interface has. */
const NO_LINK = 0x7fff_fffe;
let fd: number;
let epoll: number;

beforeEach(() => {
  fd = native.netlinkOpen();
  epoll = native.epollCreate();
  native.epollAdd(epoll, fd, 0);
});

afterEach(() => {
  native.close(epoll);
  native.close(fd);
});

/** Reads events until one satisfies `wanted`, and dumps again where that is called for; null when none came in time. */
function readUntil(wanted: (event: Int32Array) => boolean): Int32Array | null {
  const rows = new Int32Array(ROWS * NETLINK.WORDS);
  while (native.wait(epoll, PATIENCE_US, 0, new Int32Array(1)) > 0) {
    const count = native.netlinkRead(fd, rows);
    // Other tests may make interfaces meanwhile.
    if (count < 0) native.netlinkDump(fd);
    for (let i = 0; i < count; i++) {
      const event = rows.slice(i * NETLINK.WORDS, (i + 1) * NETLINK.WORDS);
      if (wanted(event)) return event;
    }
  }
  return null;
}

const isAddress = (event: Int32Array, kind: number, ifindex: number, address: string) =>
  event[NETLINK.KIND] === kind &&
  event[NETLINK.IFINDEX] === ifindex &&
  event.slice(NETLINK.ADDR, NETLINK.ADDR + 4).every((word, i) => word === addressWords(address)[i]);

test('a dump tells of the links, then of their addresses', () => {
  const lo = native.ifindex('lo');
  native.netlinkDump(fd);
  const link = readUntil(
    (event) => event[NETLINK.KIND] === NETLINK_KIND.LINK && event[NETLINK.IFINDEX] === lo,
  );
  expect(link?.[NETLINK.FLAGS]).toBe(UP | RUNNING);
  expect(link?.[NETLINK.MTU]).toBe(Number(readFileSync('/sys/class/net/lo/mtu', 'utf8')));
});

test('a dump ends after the addresses, says so, and can be asked for again', () => {
  const lo = native.ifindex('lo');
  for (let round = 0; round < 2; round++) {
    native.netlinkDump(fd);
    let family = 0;
    const end = readUntil((event) => {
      if (isAddress(event, NETLINK_KIND.ADDRESS, lo, '127.0.0.1')) family = event[NETLINK.FAMILY];
      return event[NETLINK.KIND] === NETLINK_KIND.DUMP_END;
    });
    expect(end).not.toBeNull();
    expect(family).toBe(4);
  }
});

test('an overrun that is reported where a message is taken counts as well', () => {
  const reads = `(() => {
    const fd = native.netlinkOpen();
    native.netlinkDump(fd);
    return native.netlinkRead(fd, new Int32Array(${ROWS * NETLINK.WORDS}));
  })()`;
  expect(shortOfMemory([2], reads)).toBe(-1);
});

test('an array without room for a datagram is refused', () => {
  expect(() => native.netlinkRead(fd, new Int32Array(127 * NETLINK.WORDS))).toThrow(RangeError);
});

describe('changes', () => {
  const name = uniqueName();
  let tap: { fd: number; ifindex: number } | null = null;

  beforeEach((context) => {
    needsRoot(context);
    const offloads = { checksum: true, tso: true, uso: true, tunnel: true };
    tap = native.tapOpen({ name, ...offloads, sendBuffer: 0, multiQueue: false });
  });

  afterEach(() => {
    if (tap !== null) native.close(tap.fd);
    tap = null;
  });

  const current = () => {
    if (tap === null) throw new Error('no TAP');
    return tap;
  };
  const ofLink = (kind: number, flags: number) => (event: Int32Array) =>
    event[NETLINK.KIND] === kind &&
    event[NETLINK.IFINDEX] === current().ifindex &&
    event[NETLINK.FLAGS] === flags;

  test('a link that comes, changes and goes', () => {
    expect(readUntil(ofLink(NETLINK_KIND.LINK, 0))?.[NETLINK.MTU]).toBe(1500);
    ip(`link set ${name} mtu 1400 up`);
    expect(readUntil(ofLink(NETLINK_KIND.LINK, UP | RUNNING))?.[NETLINK.MTU]).toBe(1400);
    ip(`link set ${name} down`);
    expect(readUntil(ofLink(NETLINK_KIND.LINK, 0))).not.toBeNull();
    const { fd: tapFd, ifindex } = current();
    native.close(tapFd);
    tap = null;
    const gone = readUntil(
      (e) => e[NETLINK.KIND] === NETLINK_KIND.LINK_GONE && e[NETLINK.IFINDEX] === ifindex,
    );
    expect(gone).not.toBeNull();
  });

  test('one link is told as it is when somebody asks, and nothing of one that is not there', () => {
    const { ifindex } = current();
    ip(`link set ${name} up`);
    expect(readUntil(ofLink(NETLINK_KIND.LINK, UP | RUNNING))).not.toBeNull();
    writeSync(fd, native.netlinkQuestion(NO_LINK));
    writeSync(fd, native.netlinkQuestion(ifindex));
    const answer = readUntil((event) => event[NETLINK.KIND] === NETLINK_KIND.LINK_ANSWER);
    if (answer === null) throw new Error('no answer');
    expect([...answer.slice(NETLINK.IFINDEX, NETLINK.FAMILY)]).toEqual([ifindex, UP | RUNNING, 1500]);
    expect(tellChanges(answer, 1)).toBe(false);
    expect(kernelFacts(answer, 1)).toMatchObject([
      { what: 'interface', index: ifindex, facts: { names: [name], running: true } },
    ]);
  });

  test('addresses of both families that come and go, and the routes with them', () => {
    const { ifindex } = current();
    ip(`link set ${name} up`);
    for (const [address, prefix, family] of [
      ['198.19.78.1', 24, 4],
      ['fd00:4f43::7', 64, 6],
    ] as const) {
      ip(`address add ${address}/${prefix} dev ${name}`);
      const added = readUntil((event) => isAddress(event, NETLINK_KIND.ADDRESS, ifindex, address));
      expect(added?.[NETLINK.FAMILY]).toBe(family);
      ip(`address del ${address}/${prefix} dev ${name}`);
      // The kernel tells of the address first or of its routes first, by family.
      const seen = { address: false, route: false };
      readUntil((event) => {
        seen.address ||= isAddress(event, NETLINK_KIND.ADDRESS_GONE, ifindex, address);
        seen.route ||= event[NETLINK.KIND] === NETLINK_KIND.ROUTE;
        return seen.address && seen.route;
      });
      expect(seen).toEqual({ address: true, route: true });
    }
  });

  test('a link tells its name, what it stands on and what it is a port of', () => {
    const [near, far, bridge] = [uniqueName(), uniqueName(), uniqueName()];
    ip(`link add ${bridge} type bridge`);
    ip(`link add ${near} type veth peer name ${far}`);
    ip(`link set ${near} master ${bridge}`);
    try {
      native.netlinkDump(fd);
      const of = native.ifindex(near);
      const told = readUntil(
        (event) => event[NETLINK.IFINDEX] === of && event[NETLINK.MASTER] === native.ifindex(bridge),
      );
      expect(told?.[NETLINK.LOWER]).toBe(native.ifindex(far));
      const facts = kernelFacts(told as Int32Array, 1);
      expect(facts).toMatchObject([{ what: 'interface', index: of, facts: { names: [near], isVrf: false } }]);
      ip(`link set ${near} name ${near}y`);
      const renamed = readUntil(
        (event) =>
          event[NETLINK.IFINDEX] === of && JSON.stringify(kernelFacts(event, 1)).includes(`${near}y`),
      );
      expect(renamed).not.toBeNull();
      // Of one that is down the kernel does not tell it.
      ip(`link set ${near}y up`);
      const alternatives = ['a', 'b', 'c', 'd'].map((letter) => `alternative-${letter}`);
      const tooLong = 'longer-than-any-name-of-an-interface';
      for (const name of [tooLong, ...alternatives, 'one-too-many'])
        ip(`link property add dev ${near}y altname ${name}`);
      const names = JSON.stringify([`${near}y`, ...alternatives]);
      const named = readUntil(
        (event) => event[NETLINK.IFINDEX] === of && JSON.stringify(kernelFacts(event, 1)).includes(names),
      );
      expect(named).not.toBeNull();
    } finally {
      ip(`link delete ${bridge}`);
      ip(`link delete ${far}`);
    }
  });

  test('many changes of routes are one row a call', () => {
    const { ifindex } = current();
    ip(`link set ${name} up`);
    const lines = Array.from({ length: 200 }, (_, i) => `route add 198.19.${i}.0/24 dev ${name}`);
    readUntil((event) => event[NETLINK.IFINDEX] === ifindex && event[NETLINK.FLAGS] === (UP | RUNNING));
    ip('-batch -', lines.join('\n'));
    const rows = new Int32Array(ROWS * NETLINK.WORDS);
    const count = native.netlinkRead(fd, rows);
    const kinds = Array.from({ length: count }, (_, row) => rows[row * NETLINK.WORDS + NETLINK.KIND]);
    expect(kinds.filter((kind) => kind === NETLINK_KIND.ROUTE)).toHaveLength(1);
    expect(native.netlinkRead(fd, rows)).toBe(0);
  });

  test('leaving a bridge is not taken for the end of the link', () => {
    const bridge = uniqueName();
    ip(`link add ${bridge} type bridge`);
    try {
      ip(`link set ${name} master ${bridge}`);
      ip(`link set ${name} nomaster`);
      ip(`link set ${name} mtu 1399`);
      let gone = 0;
      const last = readUntil((event) => {
        if (event[NETLINK.KIND] === NETLINK_KIND.LINK_GONE)
          gone += Number(event[NETLINK.IFINDEX] === current().ifindex);
        return event[NETLINK.IFINDEX] === current().ifindex && event[NETLINK.MTU] === 1399;
      });
      expect(last).not.toBeNull();
      expect(gone).toBe(0);
    } finally {
      ip(`link delete ${bridge}`);
    }
  });

  test('a dump of which something changed meanwhile does not end as if it were whole', () => {
    ip(`link set ${name} up`);
    const lines = Array.from(
      { length: 500 },
      (_, i) => `address add 198.19.${64 + (i >> 8)}.${i & 255}/32 dev ${name}`,
    );
    ip('-batch -', lines.join('\n'));
    while (native.netlinkRead(fd, new Int32Array(ROWS * NETLINK.WORDS)) !== 0);
    native.netlinkDump(fd);
    expect(
      readUntil((event) => isAddress(event, NETLINK_KIND.ADDRESS, current().ifindex, '198.19.64.0')),
    ).not.toBeNull();
    // The kernel leaves out as many addresses of a device as it has told; fewer told are left now.
    ip('-batch -', lines.slice(0, 40).join('\n').replaceAll(' add ', ' del '));
    const rows = new Int32Array(ROWS * NETLINK.WORDS);
    const hasEnd = () =>
      rows.some((word, i) => i % NETLINK.WORDS === NETLINK.KIND && word === NETLINK_KIND.DUMP_END);
    let count = 0;
    do {
      rows.fill(0);
      count = native.netlinkRead(fd, rows);
    } while (count > 0 && !hasEnd());
    expect(count).toBe(-1);
    native.netlinkDump(fd);
    const told = new Set<number>();
    const end = readUntil((event) => {
      if (event[NETLINK.KIND] === NETLINK_KIND.ADDRESS && event[NETLINK.IFINDEX] === current().ifindex)
        told.add(event[NETLINK.ADDR]);
      return event[NETLINK.KIND] === NETLINK_KIND.DUMP_END;
    });
    expect(end).not.toBeNull();
    expect(told.size).toBeGreaterThanOrEqual(460);
  });

  test('an overrun queue is reported, and reading goes on', () => {
    ip(`link set ${name} up`);
    const lines = Array.from(
      { length: 3000 },
      (_, i) => `address add 198.19.${64 + (i >> 8)}.${i & 255}/32 dev ${name}`,
    );
    ip('-batch -', lines.join('\n'));
    const rows = new Int32Array(ROWS * NETLINK.WORDS);
    const counts: number[] = [];
    while (counts.at(-1) !== 0) counts.push(native.netlinkRead(fd, rows));
    expect(counts).toContain(-1);
    native.netlinkDump(fd);
    const { ifindex } = current();
    expect(
      readUntil((event) => isAddress(event, NETLINK_KIND.ADDRESS, ifindex, '198.19.75.183')),
    ).not.toBeNull();
  });

  describe('an overrun', () => {
    const routes = (verb: string) =>
      ip(
        '-batch -',
        Array.from({ length: 6000 }, (_, i) => `route ${verb} 198.18.${i >> 8}.${i & 255} dev ${name}`).join(
          '\n',
        ),
      );
    const addressLines = Array.from(
      { length: 500 },
      (_, i) => `address add 198.19.${i >> 8}.${i & 255}/32 dev ${name}`,
    );

    /** Reads as the worker does, to the end of a dump and of all that has come; each event of this link goes to `told`. */
    function readToEnd(told: (event: Int32Array) => void, dumpsAgain: () => void): void {
      const rows = new Int32Array(ROWS * NETLINK.WORDS);
      for (let hasEnded = false; ; ) {
        const count = native.netlinkRead(fd, rows);
        if (count < 0) {
          native.netlinkDump(fd);
          dumpsAgain();
        }
        for (let i = 0; i < count; i++) {
          const event = rows.slice(i * NETLINK.WORDS, (i + 1) * NETLINK.WORDS);
          if (event[NETLINK.KIND] === NETLINK_KIND.DUMP_END) hasEnded = true;
          if (event[NETLINK.IFINDEX] === current().ifindex) told(event);
        }
        if (count === 0 && hasEnded) return;
      }
    }

    test('within a dump has it told from its beginning', () => {
      ip(`link set ${name} up`);
      ip('-batch -', addressLines.join('\n'));
      while (native.netlinkRead(fd, new Int32Array(ROWS * NETLINK.WORDS)) !== 0);
      native.netlinkDump(fd);
      const isFirst = (event: Int32Array) =>
        isAddress(event, NETLINK_KIND.ADDRESS, current().ifindex, '198.19.0.0');
      expect(readUntil(isFirst)).not.toBeNull();
      routes('add');
      const addresses = new Set<number>();
      let dumps = 0;
      readToEnd(
        (event) => {
          if (event[NETLINK.KIND] === NETLINK_KIND.ADDRESS && event[NETLINK.FAMILY] === 4)
            addresses.add(event[NETLINK.ADDR]);
        },
        () => {
          dumps++;
          addresses.clear();
        },
      );
      expect(dumps).toBeGreaterThan(0);
      expect(addresses.size).toBe(addressLines.length);
    });

    test('is over when it is reported: what changes from then on is told', () => {
      ip(`link set ${name} up`);
      routes('add');
      while (native.netlinkRead(fd, new Int32Array(ROWS * NETLINK.WORDS)) >= 0);
      ip(`link set ${name} mtu 1399`);
      expect(readUntil((event) => event[NETLINK.MTU] === 1399)).not.toBeNull();
    });
  });
});
