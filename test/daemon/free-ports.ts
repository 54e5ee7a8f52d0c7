import { createServer } from 'node:http';

/** Below the ports that the kernel gives away by itself, so that one which was free stays so; each process begins elsewhere. */
const FIRST = 12_000;
const COUNT = 20_000;
const PER_PROCESS = 50;

let next = process.pid * PER_PROCESS;

/** So many ports of loopback, each another one, that nobody has and that only who is told of them will take. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + (next++ % COUNT);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}
