/** Frames, datagrams and streams made and seen by `raw.py` inside the hosts of a lab. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from '../../scripts/lab/lab.js';
import { ROOT } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { run, until } from '../../scripts/lab/run.js';

const TOOL = join(ROOT, 'test/netns/raw.py');
const PATIENCE_MS = 30_000;

function tool(lab: Lab, host: number, words: (string | number)[], input: Buffer[]): Promise<string> {
  const args = ['netns', 'exec', lab.hosts[host - 1].namespace, 'python3', TOOL, ...words.map(String)];
  const text = input.map((bytes) => `${bytes.toString('hex')}\n`).join('');
  return run('ip', args, { input: text, timeoutMs: PATIENCE_MS });
}

/** Puts frames on a device; returns how many the kernel took. */
export async function sendFrames(lab: Lab, host: number, device: string, frames: Buffer[]): Promise<number> {
  return Number((await tool(lab, host, ['send', device], frames)).split(' ')[0]);
}

/** Puts frames on a device, each after its virtio-net header. */
export async function sendSuperFrames(
  lab: Lab,
  host: number,
  device: string,
  frames: Buffer[],
): Promise<number> {
  return Number((await tool(lab, host, ['super', device], frames)).split(' ')[0]);
}

export interface DatagramRoute {
  /** IPv4 address that the packets claim, or `any` for another one each. */
  from: string;
  fromPort: number;
  to: string;
  toPort: number;
  perSecond: number;
}

/** Sends UDP datagrams with a source of any choosing; returns how many went. */
export async function sendDatagrams(
  lab: Lab,
  host: number,
  route: DatagramRoute,
  datagrams: Buffer[],
): Promise<number> {
  const { from, fromPort, to, toPort, perSecond } = route;
  return Number(await tool(lab, host, ['datagrams', from, fromPort, to, toPort, perSecond], datagrams));
}

async function firstLine(started: LabProcess): Promise<AsyncIterator<string>> {
  const lines = createInterface({ input: started.output })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') throw new Error(`${started.command} did not get ready`);
  return lines;
}

export interface SeenFrame {
  outgoing: boolean;
  bytes: Buffer;
}

/** What passes a device of a host. */
export class Capture {
  private constructor(
    private readonly started: LabProcess,
    private readonly file: string,
  ) {}

  static async start(lab: Lab, host: number, device: string): Promise<Capture> {
    const file = join(lab.folder, `${lab.hosts[host - 1].name}-${device}-${performance.now()}.frames`);
    const started = lab.start(host, 'python3', [TOOL, 'capture', device, file]);
    await firstLine(started);
    return new Capture(started, file);
  }

  /** Everything seen so far. */
  frames(): SeenFrame[] {
    const data = readFileSync(this.file);
    const found: SeenFrame[] = [];
    for (let at = 0; at + 5 <= data.length; ) {
      const length = data.readUInt32BE(at + 1);
      if (at + 5 + length > data.length) break;
      found.push({ outgoing: data[at] === 1, bytes: data.subarray(at + 5, at + 5 + length) });
      at += 5 + length;
    }
    return found;
  }

  /** Waits until that many frames satisfy a condition. */
  async until(what: string, count: number, condition: (frame: SeenFrame) => boolean): Promise<void> {
    await until(what, () => this.frames().filter(condition).length >= count, PATIENCE_MS);
  }

  /** Stops when what the kernel had seen is written, and returns it. */
  async stop(): Promise<SeenFrame[]> {
    await this.started.stop();
    return this.frames();
  }
}

/** UDP payloads of an IPv4 capture. */
export function udpPayload(frame: Buffer): Buffer | null {
  if (frame.length < 42 || frame.readUInt16BE(12) !== 0x0800 || frame[23] !== 17) return null;
  const header = 14 + (frame[14] & 15) * 4;
  return frame.subarray(header + 8, header + frame.readUInt16BE(header + 4));
}

/** Sends bytes over TCP from one host to another; returns the digests of what went and of what came. */
export async function transfer(
  lab: Lab,
  from: number,
  to: number,
  address: string,
  bytes: number,
): Promise<{ sent: string; received: string }> {
  const port = 5000;
  const server = lab.start(to, 'python3', [TOOL, 'serve', address, String(port)]);
  const lines = await firstLine(server);
  const sent = await tool(lab, from, ['stream', address, port, bytes, 4711], []);
  const received = (await lines.next()).value as string;
  await server.exit();
  return { sent: sent.trim(), received: received.trim() };
}

/** An Ethernet frame; the payload follows the EtherType unchanged. */
export function ethernet(target: string, source: string, etherType: number, payload: Buffer): Buffer {
  const mac = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
  const type = Buffer.alloc(2);
  type.writeUInt16BE(etherType);
  return Buffer.concat([mac(target), mac(source), type, payload]);
}

export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
