/**
 * Commands prepared before they are needed: the program already runs and waits for its input, so the moment at which
 * the command takes effect is known to a millisecond or two.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { CommandError } from './run.js';

/** Lines for `ip -batch`, `tc -batch` or `nft -f` in a namespace. */
export interface Order {
  namespace: string;
  program: 'ip' | 'tc' | 'nft';
  lines: string[];
}

const READERS: Record<Order['program'], string[]> = {
  ip: ['ip', '-batch', '-'],
  tc: ['tc', '-batch', '-'],
  nft: ['nft', '-f', '-'],
};

export class ArmedOrder {
  private stderr = '';
  private readonly closed: Promise<number | null>;

  private constructor(
    private readonly order: Order,
    private readonly child: ChildProcess,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A program that ends early shows it in its status, not by a broken pipe here.
    child.stdin?.on('error', () => {});
    this.closed = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    this.closed.catch(() => {});
  }

  /** Starts the program; it does nothing before {@link fire}. */
  static arm(order: Order): ArmedOrder {
    const command = ['netns', 'exec', order.namespace, ...READERS[order.program]];
    return new ArmedOrder(order, spawn('ip', command, { stdio: ['pipe', 'ignore', 'pipe'] }));
  }

  /** Sends the command; resolves when it has been carried out. Throws {@link CommandError} when the kernel refuses. */
  async fire(): Promise<void> {
    this.child.stdin?.end(`${this.order.lines.join('\n')}\n`);
    const code = await this.closed;
    if (code === 0) return;
    const command = `${READERS[this.order.program].join(' ')}: ${this.order.lines.join('; ')}`;
    throw new CommandError(command, { code, stdout: '', stderr: this.stderr });
  }

  /** Ends the program without a command. */
  disarm(): void {
    this.child.kill('SIGKILL');
  }
}

/** Carries an order out now. */
export function carryOut(order: Order): Promise<void> {
  return ArmedOrder.arm(order).fire();
}
