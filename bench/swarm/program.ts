/** One process of the swarm: takes a `Part` as its argument and orders as lines of JSON, and answers each with a line. */
import { createInterface } from 'node:readline';
import { type Part, Player } from './player.js';

/** An order to a process. */
export type Order =
  | { what: 'status' }
  | { what: 'join'; count: number }
  | { what: 'churn'; every: number; offset: number }
  | { what: 'roam'; every: number; network: number }
  | { what: 'broadcast' }
  | { what: 'load' | 'probes'; on: boolean };

const player = new Player(JSON.parse(process.argv[2]) as Part);

function carryOut(order: Order): unknown {
  switch (order.what) {
    case 'status':
      return player.status;
    case 'join':
      return player.join(order.count);
    case 'churn':
      return player.churn(order.every, order.offset);
    case 'roam':
      return player.roam(order.every, order.network);
    case 'broadcast':
      return player.broadcast();
    case 'load':
      return player.setLoad(order.on);
    case 'probes':
      return player.setProbing(order.on);
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const result = carryOut(JSON.parse(line) as Order) ?? null;
  process.stdout.write(`${JSON.stringify(result)}\n`);
});
lines.on('close', () => process.exit(0));

function go(): void {
  player.turn();
  setImmediate(go);
}

process.stdout.write('null\n');
go();
