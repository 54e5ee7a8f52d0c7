/** A TCP download that goes on while something happens, every byte of it checked. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../scripts/lab/lab.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { until } from '../../scripts/lab/run.js';

const PROGRAM = join(fileURLToPath(new URL('../../../', import.meta.url)), 'test/netns/download.py');
const PORT = '7099';
const PATIENCE_MS = 20_000;

export class Download {
  /** Bytes that have come and were right. */
  private received = 0;

  private constructor(
    private readonly server: LabProcess,
    private readonly client: LabProcess,
  ) {
    client.output.on('data', (text) => {
      const said = String(text).trim().split('\n').at(-1);
      this.received = Number(said) || this.received;
    });
  }

  /** Begins a download by host `to` from host `from`, which has this address, and waits for its first bytes. */
  static async start(lab: Lab, to: number, from: number, address: string): Promise<Download> {
    const server = lab.start(from, 'python3', [PROGRAM, 'serve', PORT]);
    await new Promise<void>((resolve) => server.output.once('data', () => resolve()));
    const client = lab.start(to, 'python3', [PROGRAM, 'fetch', address, PORT], { input: true });
    const download = new Download(server, client);
    await download.more(1e6);
    return download;
  }

  /**
   * Waits for so many more bytes.
   * @throws Error when a byte was wrong, or the connection broke.
   */
  async more(bytes: number): Promise<void> {
    const goal = this.received + bytes;
    const { client } = this;
    await until('bytes to come', () => this.received >= goal || !client.running, PATIENCE_MS);
    if (!client.running) throw new Error(`the download has ended: ${client.lastWords()}`);
  }

  async end(): Promise<void> {
    await this.client.stop();
    await this.server.stop();
  }
}
