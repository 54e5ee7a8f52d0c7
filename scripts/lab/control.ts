/** A connection to a daemon's control socket, for programs that ask too often to start the CLI each time. */
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type MethodName, type Methods, PROTOCOL_VERSION, type ResponseMessage } from '../../src/api.js';

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

export class ControlConnection {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  private constructor(private readonly socket: Socket) {
    createInterface({ input: socket })
      .on('line', (line) => this.receive(line))
      .on('error', (error) => this.fail(error));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the daemon closed the control connection')));
  }

  /** Connects and says hello. */
  static async open(path: string): Promise<ControlConnection> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const connection = new ControlConnection(socket);
    await connection.call('hello', { protocol: PROTOCOL_VERSION, client: 'octolink lab' });
    return connection;
  }

  /** Calls a method; rejects with the daemon's own message when it refuses. */
  call<M extends MethodName>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (result) => resolve(result as Methods[M]['result']), reject });
      this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  close(): void {
    this.socket.end();
  }

  private receive(line: string): void {
    const message = JSON.parse(line) as ResponseMessage;
    const waiting = this.waiting.get(Number(message.id));
    if (!waiting) return;
    this.waiting.delete(Number(message.id));
    if ('error' in message) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  private fail(error: Error): void {
    for (const waiting of this.waiting.values()) waiting.reject(error);
    this.waiting.clear();
  }
}
