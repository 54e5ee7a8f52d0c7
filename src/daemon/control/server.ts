/** The control socket: accepts clients and gives each a `Connection`. */
import { lstatSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ERROR, type Privilege } from '../../api/index.js';
import type { Log } from '../base/log.js';
import type { DaemonParts, MethodTable } from '../methods/method.js';
import { Connection } from './connection.js';
import { type Credentials, privilegeOf, readAdminGroup, readUserName } from './credentials.js';
import { removeStaleSocket } from './stale-socket.js';

/** On each socket. */
const MAX_CLIENTS = 256;
/** Clients that may be told at the same time that they are refused; further ones are closed without a message. */
const MAX_REFUSALS = 256;
/** How often it is looked whether the file of the socket is still there, in milliseconds. */
const LOOK_MS = 5_000;
/** Owner and group may connect, or everybody. */
const SOCKET_UMASK = 0o117;
const READ_ONLY_SOCKET_UMASK = 0o111;
/** Longest path that fits `sun_path` with its final zero. */
const MAX_PATH_BYTES = 107;

interface ControlServerOptions {
  path: string;
  /** Open to every user of the machine; nothing can be changed through it. */
  readOnly?: boolean;
  version: string;
  methods: MethodTable;
  /** What the methods work with. */
  parts: DaemonParts;
  log: Log;
  /** SO_PEERCRED of a connected socket's descriptor. */
  peerCredentials(fd: number): Credentials;
  /**
   * Requests other than `hello` wait for it: before the first configuration is in force there is none to show, and
   * none that may be saved over the one on disk.
   */
  ready?: Promise<void>;
}

export class ControlServer {
  private readonly options: ControlServerOptions;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<Connection>();
  /** Sockets above the limit, until they have been told why they are refused. */
  private readonly refused = new Set<Socket>();
  /** Number of the socket's inode, which is used again only once nobody listens on it. */
  private inode: bigint | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** Settles when the last look at the file has ended: they never overlap. */
  private looked: Promise<void> = Promise.resolve();
  /** Why the socket could not be made again, once that has been said. */
  private trouble = '';

  private constructor(options: ControlServerOptions) {
    this.options = options;
    this.server = createServer((socket) => void this.accept(socket));
  }

  /**
   * Listens on `path`. Throws a plain sentence when another daemon answers there, when the file is not a socket, or when
   * the path is too long.
   */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const { path } = options;
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
      throw new Error(`the socket path is longer than ${MAX_PATH_BYTES} bytes: ${path}`);
    }
    const control = new ControlServer(options);
    await control.open();
    control.timer = setInterval(() => void control.recover(), LOOK_MS);
    control.timer.unref();
    return control;
  }

  get clients(): number {
    return this.sockets.size;
  }

  /** Stops listening, removes the socket and drops every client. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looked;
    for (const socket of [...this.sockets, ...this.refused]) socket.destroy();
    // To close removes whatever has the path: if that is another's by now, nobody can connect to this one any more.
    const found = inodeOf(this.options.path);
    if (found === null || found === this.inode)
      await new Promise<void>((done) => this.server.close(() => done()));
  }

  /** Listens anew if somebody has removed the file of the socket; clients that are connected stay so. Never rejects. */
  recover(): Promise<void> {
    this.looked = this.looked.then(async () => {
      const { path, log } = this.options;
      if (this.server.listening && inodeOf(path) === this.inode) return;
      try {
        await removeStaleSocket(path);
        this.server.close();
        await this.open();
        this.trouble = '';
        log.warn({ path }, 'the control socket had been removed, and was made again');
      } catch (err) {
        const { message } = err as Error;
        if (message !== this.trouble)
          log.error({ err, path }, 'the removed control socket cannot be made again');
        this.trouble = message;
      }
    });
    return this.looked;
  }

  private async open(): Promise<void> {
    const { path, readOnly } = this.options;
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await removeStaleSocket(path);
    await this.listen(path);
    this.inode = inodeOf(path);
    const group = readOnly ? null : await readAdminGroup();
    if (group !== null && process.getuid?.() === 0) await chown(path, 0, group.gid);
  }

  private listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.removeAllListeners('error').once('error', reject);
      // A Unix socket is bound before listen() returns, so the mask affects its creation and nothing else.
      const mask = process.umask(this.options.readOnly ? READ_ONLY_SOCKET_UMASK : SOCKET_UMASK);
      try {
        this.server.listen(path, () => {
          this.server.off('error', reject);
          this.server.on('error', (err) => this.options.log.error({ err }, 'the control socket failed'));
          resolve();
        });
      } finally {
        process.umask(mask);
      }
    });
  }

  private async accept(socket: Socket): Promise<void> {
    socket.pause();
    socket.on('error', () => socket.destroy());
    const full = this.sockets.size >= MAX_CLIENTS;
    if (full && this.refused.size >= MAX_REFUSALS) {
      socket.destroy();
      return;
    }
    const group = full ? this.refused : this.sockets;
    group.add(socket);
    socket.on('close', () => group.delete(socket));

    const credentials = this.credentialsOf(socket);
    const [privilege, user] = await Promise.all([
      this.privilege(credentials),
      credentials === null ? 'unknown' : readUserName(credentials.uid),
    ]);
    if (socket.destroyed) return;
    const { parts, methods, log, version, ready = Promise.resolve() } = this.options;
    const { uid = null, pid = null } = credentials ?? {};
    const who = parts.configurator.join({ user, uid, pid });
    const clients = () => [...this.connections].map((one) => one.status());
    const connection = new Connection({
      socket,
      who,
      privilege,
      version,
      log,
      methods,
      parts,
      clients,
      ready,
    });
    if (!full) this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    if (full) connection.dismiss(ERROR.BUSY, this.fullText());
    socket.resume();
  }

  /** Names the process with the most connections: nobody else gets in to look for it. */
  private fullText(): string {
    const counts = new Map<number, { user: string; count: number }>();
    for (const one of this.connections) {
      const { pid, user } = one.status();
      if (pid !== null) counts.set(pid, { user, count: (counts.get(pid)?.count ?? 0) + 1 });
    }
    const [greediest] = [...counts].sort(([, one], [, other]) => other.count - one.count);
    const all = `${MAX_CLIENTS} clients are connected already`;
    if (greediest === undefined || greediest[1].count === 1) return `${all}: try again later`;
    const [pid, { user, count }] = greediest;
    return `${all}, ${count} of them by process ${pid} of user ${user}: end it, or try again later`;
  }

  private credentialsOf(socket: Socket): Credentials | null {
    const fd = (socket as unknown as { _handle: { fd?: number } | null })._handle?.fd;
    if (fd === undefined || fd < 0) return null;
    try {
      return this.options.peerCredentials(fd);
    } catch (err) {
      this.options.log.warn({ err }, 'the credentials of a control client cannot be read');
      return null;
    }
  }

  /** A client whose credentials are unknown may only read. */
  private async privilege(credentials: Credentials | null): Promise<Privilege> {
    if (credentials === null || this.options.readOnly) return 'read';
    return privilegeOf(credentials, process.getuid?.() ?? 0, await readAdminGroup());
  }
}

/** Null where nothing is. */
function inodeOf(path: string): bigint | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}
