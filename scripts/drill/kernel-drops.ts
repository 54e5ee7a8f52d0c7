/**
 * What the kernel itself dropped: frames that waited for a late daemon in the TAP's queue, datagrams in the buffers of
 * sockets whose owner was late, packets that waited for a processor. No link is to blame for these.
 */
import { readFileSync } from 'node:fs';
import type { Lab } from '../lab/lab.js';

export interface KernelDrops {
  tapQueue: number;
  socketBuffers: number;
  /** Of the whole machine: the kernel counts these by processor. */
  backlog: number;
}

const SOURCES = [
  'cat /sys/class/net/octo0/statistics/tx_dropped',
  'grep ^Udp: /proc/net/snmp',
  'grep ^Udp6RcvbufErrors /proc/net/snmp6',
];

/** Drops of all hosts since their namespaces were made. */
export async function kernelDrops(lab: Lab): Promise<KernelDrops> {
  const texts = await Promise.all(
    lab.hosts.map(({ index }) => lab.run(index, 'sh', ['-c', SOURCES.join('; ')])),
  );
  const hosts = texts.map(parseHostDrops);
  const total = (field: 'tapQueue' | 'socketBuffers') => hosts.reduce((sum, host) => sum + host[field], 0);
  const backlog = parseBacklogDrops(readFileSync('/proc/net/softnet_stat', 'utf8'));
  return { tapQueue: total('tapQueue'), socketBuffers: total('socketBuffers'), backlog };
}

/** Reads what one host prints: the TAP's drops, the names and the values of its UDP counters, and the same of IPv6. */
export function parseHostDrops(text: string): Omit<KernelDrops, 'backlog'> {
  const [tapQueue, names, values, ipv6] = text.split('\n');
  const at = names.split(' ').indexOf('RcvbufErrors');
  return {
    tapQueue: Number(tapQueue),
    socketBuffers: Number(values.split(' ')[at]) + Number(ipv6.trim().split(/\s+/).at(-1)),
  };
}

/** Reads the kernel's counters of its processors: the second word of each line counts drops, in hexadecimal. */
export function parseBacklogDrops(text: string): number {
  const lines = text.trim().split('\n');
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[1], 16), 0);
}

export function since(before: KernelDrops, now: KernelDrops): KernelDrops {
  return {
    tapQueue: now.tapQueue - before.tapQueue,
    socketBuffers: now.socketBuffers - before.socketBuffers,
    backlog: now.backlog - before.backlog,
  };
}

/** All of them together. */
export function totalOf({ tapQueue, socketBuffers, backlog }: KernelDrops): number {
  return tapQueue + socketBuffers + backlog;
}
