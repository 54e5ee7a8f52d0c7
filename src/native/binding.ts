/**
 * The native addon's surface, typed. It moves bytes and decides nothing; arguments are trusted, so callers
 * in `src/` check them first. Failing system calls throw `NativeError` with `code` (`'EADDRINUSE'`),
 * `errno` and `syscall`, unless a record of `ops.ts` carries a result of its own.
 */
import { createRequire } from 'node:module';
import { findAddon } from './find-addon.js';

/** Error thrown by the addon for a failing system call. */
export interface NativeError extends Error {
  code: string;
  errno: number;
  syscall: string;
}

/** The virtio-net offloads that the TAP announces to the kernel. */
export interface TapOffloads {
  checksum: boolean;
  tso: boolean;
  uso: boolean;
  /** TCP and UDP inside VXLAN, Geneve and the like. */
  tunnel: boolean;
}

export interface TapOptions extends TapOffloads {
  /** Interface name, 1–15 bytes; must not exist unless it is a persistent TAP. */
  name: string;
  /** TUNSETSNDBUF in bytes; 0 keeps the kernel's. */
  sendBuffer: number;
  /** Whether a new device may have several queues. One that is there keeps its form. */
  multiQueue: boolean;
}

export interface TapHandle {
  /** Descriptor of its first queue. */
  fd: number;
  /** Whether it may have several. */
  multiQueue: boolean;
  ifindex: number;
  /** It was there before: an earlier daemon, or somebody else, made it persistent. */
  existed: boolean;
  /** What the kernel really granted: a refused offload is retried without it. */
  granted: TapOffloads;
}

/** What the kernel says of a network device. */
export interface DeviceState {
  isUp: boolean;
  mtu: number;
  /** Length of its transmit queue. */
  queueFrames: number;
  /** Six pairs of hex digits with ":" between them; empty when it has no such address. */
  mac: string;
  /** Empty when it has none. */
  alias: string;
  /** With their prefix lengths: `10.0.0.1/24`. */
  addresses: string[];
}

export interface UdpOptions {
  family: 4 | 6;
  /** Textual address without scope, or null for the wildcard address. */
  address: string | null;
  port: number;
  /** Bind to this device (SO_BINDTODEVICE), or null. */
  device: string | null;
  receiveBuffer: number;
  sendBuffer: number;
  gro: boolean;
}

export interface UdpHandle {
  fd: number;
  port: number;
  gro: boolean;
  gso: boolean;
  receiveBuffer: number;
  sendBuffer: number;
}

export interface Native {
  /** TAP ------------------------------------------------------------------ */
  /** Opens (and makes) a TAP with IFF_VNET_HDR | IFF_NO_PI, non-blocking, close-on-exec. */
  tapOpen(options: TapOptions): TapHandle;
  /** One more queue of a multi-queue TAP, by name and index of its interface. Returns its descriptor. */
  tapAddQueue(name: string, ifindex: number): number;
  /** Name of the device of a descriptor; null when it is none of a TAP as `tapOpen` makes them. */
  tapName(fd: number): string | null;
  /** The same as `tapOpen` with a descriptor that is open already, of the device of that name. Closes it on an error. */
  tapAdopt(fd: number, options: TapOptions): TapHandle;
  /** Announces other offloads while the TAP is in use. Returns what the kernel granted. */
  tapOffloads(fd: number, offloads: TapOffloads): TapOffloads;
  /** Whether the TAP outlives its descriptor. */
  tapPersist(fd: number, persist: boolean): void;
  /** Gives the TAP a MAC address of 6 bytes, unless it has it already; the owner of a TAP may do that without any capability. */
  tapAddress(fd: number, mac: Uint8Array): void;
  /** Asks the kernel about a network device by its name; waits for its network lock, at most 10 s. */
  deviceState(name: string): DeviceState;
  /**
   * Reads up to `max` frames, or `BATCH.BYTES` and what is begun then; frame i at `base + i * slot`; rows of `READ`. Returns
   * how many; 0 when drained.
   */
  tapRead(arena: Uint8Array, fd: number, base: number, slot: number, max: number, rows: Int32Array): number;
  /**
   * The same by the queues of `record` (`QUEUES`) that are marked as ready, with the helpers where much is to be read and that is faster. Frames
   * of one queue come in order, one queue after the other. At least eight slots.
   */
  tapReadQueues(
    arena: Uint8Array,
    record: Int32Array,
    base: number,
    slot: number,
    max: number,
    rows: Int32Array,
  ): number;
  /** Writes `count` frames described back to back in `ops` (`WRITE`). Returns how many were written. */
  tapWrite(arena: Uint8Array, fd: number, ops: Int32Array, count: number): number;
  /** The same, each flow by the queue of `record` (`QUEUES`) that it is read from. */
  tapWriteQueues(arena: Uint8Array, record: Int32Array, ops: Int32Array, count: number): number;

  /**
   * Gives the whole pages among `length` bytes from `offset` back to the system (madvise, MADV_DONTNEED): they read as zero
   * from now on.
   */
  discard(arena: Uint8Array, offset: number, length: number): void;
  /**
   * The whole pages of this memory are never to become huge ones (madvise, MADV_NOHUGEPAGE): what is not written to costs nothing
   * then, wherever the system is set to prefer them.
   */
  keepPagesSmall(memory: Uint8Array): void;

  /** UDP ------------------------------------------------------------------ */
  /**
   * Binds a non-blocking socket, to an address that is not there yet as well: IP_MTU_DISCOVER=PROBE, pktinfo on, error
   * queue off, IPV6_V6ONLY. `beside`: descriptors of the caller's sockets of the same port, which may overlap with it: the
   * kernel delivers to the most specific one.
   */
  udpOpen(options: UdpOptions, beside?: Int32Array): UdpHandle;
  /** Nothing more comes to a socket that is to be closed; what has come can still be read. */
  udpRetire(fd: number): void;
  /** Turns UDP GRO of an open socket on or off. Returns whether it is on now. */
  udpGro(fd: number, on: boolean): boolean;
  /**
   * Messages that the kernel has dropped of what came to a socket, since it was opened: its buffer was full, or a checksum
   * was wrong (SO_MEMINFO); 0 when it does not say.
   */
  udpDrops(fd: number): number;
  /**
   * recvmmsg into slots, rows of `RECV`: up to `max` messages, or `BATCH.BYTES` and what is begun then. Returns how many
   * messages; 0 when drained. Pending socket errors are swallowed.
   */
  udpReceive(
    arena: Uint8Array,
    fd: number,
    base: number,
    slot: number,
    max: number,
    rows: Int32Array,
  ): number;
  /**
   * Whether the kernel keeps what is answered to a socket's datagrams by ICMP, for `udpErrors`. While it does, the socket stays ready for reading
   * until they are taken. No send fails for what was answered to another. Returns whether it does now.
   */
  udpTellErrors(fd: number, on: boolean): boolean;
  /** Takes such answers: rows of `SOCKET_ERROR`. Returns how many; fewer than the array holds when no more are there. */
  udpErrors(fd: number, rows: Int32Array): number;
  /**
   * Sends `count` rows of `SEND` in order, consecutive rows of one socket by one sendmmsg. With `SEND.GSO` a
   * row of several datagrams is one UDP_SEGMENT message (split where the kernel's 64-segment and 65,507-byte limits
   * ask for it); without, each datagram is a message. A failing row never stops the rows after it.
   * Returns the number of rows sent whole.
   */
  udpSend(arena: Uint8Array, ops: Int32Array, count: number, paths: Int32Array): number;
  /** MTU of the route that `mark` takes (device or path MTU known to the kernel), by a connected socket; 0 when unreachable. */
  routeMtu(family: 4 | 6, remote: string, local: string | null, device: string | null, mark: number): number;

  /**
   * Index of the device by which the routing table sends UDP to `remote` (RTM_GETROUTE); 0 when there is no way.
   * `device`: index of the one that it must leave by, or 0.
   */
  routeDevice(family: 4 | 6, remote: string, local: string | null, device: number, mark: number): number;

  /** Cryptography --------------------------------------------------------- */
  /**
   * The symmetric half of a Noise handshake (revision 34, section 5.2) over BLAKE2b, on a block of 160 bytes that holds what it has
   * come to: chaining key and hash, 64 bytes each, and the cipher key.
   */
  noiseMixHash(state: Uint8Array, data: Uint8Array): void;
  noiseMixKey(state: Uint8Array, input: Uint8Array): void;
  noiseMixKeyAndHash(state: Uint8Array, input: Uint8Array): void;
  /** The two transport keys, 32 bytes each; the block stays as it is. */
  noiseSplit(state: Uint8Array, first: Uint8Array, second: Uint8Array): void;
  /**
   * Fills a key slot (0 … 2^20-1); the slot table is shared by all threads of the process. Key: 32 bytes.
   * Any thread may install and wipe at any time; sealing and opening by one slot belong to one thread at a
   * time (a slot that is in use, or just being replaced, reads as empty and never blocks). `helpers`: how many helpers of
   * that thread hold the key as well; none of a slot above 4095.
   */
  keyInstall(slot: number, aead: number, key: Uint8Array, helpers?: number): void;
  /** Wipes and frees a key slot; no error when it is empty. */
  keyWipe(slot: number): void;
  /** Seals `count` rows of `SEAL`. Returns total datagrams made. */
  seal(arena: Uint8Array, ops: Int32Array, count: number): number;
  /** Opens `count` rows of `OPEN` in place. Wipes what it decrypted of a forgery. Returns how many were authentic. */
  open(arena: Uint8Array, ops: Int32Array, count: number): number;
  /** Whether the processor has AES instructions (AES-NI or ARMv8 crypto). */
  hasHardwareAes(): boolean;
  /**
   * Name of the library that does this AEAD in slots 0 to 4095, with its version: OpenSSL as Node carries it, or the system's
   * libgcrypt where that is faster. The first question takes about a millisecond.
   */
  aeadLibrary(aead: number): string;

  /** Threads -------------------------------------------------------------- */
  /**
   * Gives the calling thread so many helpers (0 to 7), scheduled as it is, in place of those it had. They take their share of
   * a large batch while a call lasts, so that results are the same with and without them. Returns how many there are: the
   * system may give fewer. They end with the thread.
   */
  setHelpers(count: number): number;

  /** Waiting -------------------------------------------------------------- */
  epollCreate(): number;
  /** Watches `fd` for reading; `token` comes back from `wait`. */
  epollAdd(epoll: number, fd: number, token: number): void;
  epollRemove(epoll: number, fd: number): void;
  /**
   * Waits until something is readable or `timeoutUs` has passed (0 polls, -1 waits without limit). First polls
   * without sleeping for `spinUs`. Fills `tokens`, returns how many.
   */
  wait(epoll: number, timeoutUs: number, spinUs: number, tokens: Int32Array): number;
  eventCreate(): number;
  /** Wakes a waiter from any thread. */
  eventSignal(fd: number): void;
  eventDrain(fd: number): void;
  close(fd: number): void;

  /** System --------------------------------------------------------------- */
  /** CLOCK_BOOTTIME in microseconds, as a double. */
  now(): number;
  /** Scheduling class of the calling thread. Throws EPERM when not allowed. */
  setScheduling(kind: 'other' | 'round-robin', priority: number): void;
  /**
   * How long the calling thread wants a processor at a time while it is in the class `other`, in µs: at least 100 and at most 100,000,
   * by which the kernel limits it. Who asks for less comes sooner. Kernels before 6.12 ignore it. Needs no privilege.
   */
  setSlice(us: number): void;
  /** Opens an rtnetlink socket for link, address and route events (groups LINK, IPV4/6_IFADDR, IPV4/6_ROUTE, IPV4/6_RULE, NEXTHOP). */
  netlinkOpen(): number;
  /** Asks for a dump of all links, then all addresses; answers come as ordinary events, and DUMP_END after them. */
  netlinkDump(fd: number): void;
  /**
   * The bytes that ask for one link when they are written to such a socket, which waits for the kernel's lock of interfaces; the
   * answer is a `LINK_ANSWER`. None comes where the link is gone.
   */
  netlinkQuestion(ifindex: number): Uint8Array;
  /**
   * Rows of `NETLINK`; the array needs room for 128 or more. Returns how many; 0 when drained; -1 when the
   * kernel's queue overran, or at the end of a dump that is not whole because something changed meanwhile (dump again). What
   * had come until then, a dump that ran included, has been thrown away; what changes from then on is told.
   */
  netlinkRead(fd: number, rows: Int32Array): number;
  ifindex(name: string): number;
  /** What a device itself takes, in bytes, whatever is known of the paths behind it; 0 when it is not there. */
  deviceMtu(ifindex: number): number;
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };
  /** sd_notify(3) datagram to the socket path (`@` for abstract), with up to 16 descriptors. */
  notify(socket: string, message: string, descriptors?: Int32Array): void;
  /** PR_SET_DUMPABLE 0 and RLIMIT_CORE 0: no core dump ever holds a key. */
  forbidCoreDumps(): void;
  /**
   * Takes the exclusive lock of an open file or folder (flock(2)); false when another open file of it holds that. It goes with the
   * last copy of the descriptor, and so with the process, however that ends.
   */
  lockFile(fd: number): boolean;
  /** Ends the process with all its threads at once (`_exit`): nothing more is written, and no handler of "exit" runs. */
  exitNow(code: number): never;
  /** The constants of native/ops.h, for the test that compares them with ops.ts. */
  layout(): Record<string, Record<string, number>>;
}

/**
 * What a key slot in use takes, in bytes: its key schedule, as OpenSSL 3 keeps it, and the slot; the larger AEAD's. One of
 * the slots 0 to 4095 whose key is libgcrypt's takes 2000.
 */
export const KEY_SLOT_BYTES = 1232;

let loaded: Native | undefined;

/** Loads the addon once a thread. Throws a plain sentence when there is none, or not the one that belongs here. */
export function loadNative(): Native {
  loaded ??= createRequire(import.meta.url)(findAddon()) as Native;
  return loaded;
}
