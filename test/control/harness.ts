/** A server for each test of a file, and clients that are gone when the test is. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';
import { DaemonClient } from '../../src/cli/base/daemon-client.js';
import { startServer, type TestServer } from './fixtures.js';

export let test: TestServer;
const opened: { close(): void }[] = [];

/** Called once by each test file. */
export function useServer(): void {
  beforeEach(async () => {
    test = await startServer();
  });
  afterEach(async () => {
    for (const client of opened.splice(0)) client.close();
    await test.stop();
  });
}

export function closeAfterwards(resource: { close(): void }): void {
  opened.push(resource);
}

export async function client(path = test.path): Promise<DaemonClient> {
  const made = await DaemonClient.connect(path, 'test');
  closeAfterwards(made);
  return made;
}

interface Answer {
  id: number | string | null;
  result?: unknown;
  error?: { code: number; message: string };
  method?: string;
}

/** A socket that sends bytes as they are and collects the answers. */
export class Raw {
  readonly answers: Answer[] = [];
  readonly closed: Promise<void>;
  readonly socket: Socket;
  private text = '';
  private wake: () => void = () => undefined;

  constructor(path = test.path) {
    this.socket = connect(path);
    closeAfterwards({ close: () => this.socket.destroy() });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('data', (chunk) => {
      const lines = (this.text + chunk.toString()).split('\n');
      this.text = lines.pop() as string;
      this.answers.push(...lines.map((line) => JSON.parse(line) as Answer));
      this.wake();
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  async answer(count = 1): Promise<Answer> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.answers[count - 1];
  }

  async ask(message: object): Promise<Answer> {
    const count = this.answers.length + 1;
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id: count, ...message })}\n`);
    return this.answer(count);
  }

  hello(): Promise<Answer> {
    return this.ask({ method: 'hello', params: { protocol: 1, client: 'raw' } });
  }
}
