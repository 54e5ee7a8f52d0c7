/**
 * `npm run bench -- --strangers`: two hosts under a flood of handshakes from 60,000 addresses, sent to both of them by
 * strangers who know their public keys. Prints how long a peer that is cleared takes to come back, and the goodput of one
 * TCP stream, beside those without a flood. Sender, both hosts and the stream share the processors of this machine.
 */
import { fileURLToPath } from 'node:url';
import { ControlConnection } from '../scripts/lab/control.js';
import { Lab } from '../scripts/lab/lab.js';
import { lanAddress, Mesh, type MeshHost, PORT } from '../scripts/lab/mesh.js';
import { measure } from './measure.js';

const RATES = [0, 2_500, 20_000, 100_000];
const FLOOD_PROGRAM = fileURLToPath(new URL('./stranger-flood.js', import.meta.url));
const STRANGER = 3;
const JOINS = 5;
const PATIENCE_MS = 20_000;
const RISE_MS = 1_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Clears the first host's peer and waits until frames can pass again; milliseconds, null when that takes too long. */
async function join(host: MeshHost): Promise<number | null> {
  const control = await ControlConnection.open(host.socket);
  const joined = async (sinceMs: number) => {
    const events = await control.call('show.events', { peer: 'h2', last: 20 });
    return events.some(
      ({ timeMs, ...event }) => timeMs >= sinceMs && event.kind === 'link' && event.state === 'up',
    );
  };
  try {
    const startMs = Date.now();
    await control.call('clear.peer', { peer: 'h2' });
    while (Date.now() - startMs < PATIENCE_MS) {
      if (await joined(startMs)) return Date.now() - startMs;
      await pause(2);
    }
    return null;
  } finally {
    control.close();
  }
}

interface Figures {
  perSecond: number;
  sent: number;
  joinsMs: (number | null)[];
  gbit: number;
}

async function under(perSecond: number, seconds: number): Promise<Figures> {
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }] });
  try {
    const mesh = await Mesh.start(lab, { timers: { interval: 100, hold: 1000 } });
    await mesh.waitUp(true);
    await mesh.hosts[STRANGER - 1].daemon.stop();
    await lab.run(STRANGER, 'ip', ['route', 'add', 'local', '10.96.0.0/16', 'dev', 'lo']);
    for (const host of [1, 2]) {
      const via = lab.attachment(STRANGER, 1).address;
      await lab.run(host, 'ip', ['route', 'add', '10.96.0.0/16', 'via', via]);
    }
    const victims = await Promise.all(
      mesh.hosts.slice(0, 2).map(async ({ index, socket }) => {
        const control = await ControlConnection.open(socket);
        const [{ publicKey }] = await control.call('show.interfaces', {});
        control.close();
        return { address: lab.attachment(index, 1).address, port: PORT, publicKey: publicKey ?? '' };
      }),
    );
    const order = { victims, perSecond, seconds: seconds + 30 };
    const flood =
      perSecond === 0
        ? null
        : lab.start(STRANGER, process.execPath, [FLOOD_PROGRAM, JSON.stringify(order)], {});
    flood?.output.resume();
    await pause(RISE_MS);
    const before = await received(mesh.hosts[0]);
    const startMs = performance.now();
    const joinsMs: (number | null)[] = [];
    for (let number = 0; number < JOINS; number++) {
      joinsMs.push(await join(mesh.hosts[0]));
      await pause(500);
    }
    const { tcp1 = 0 } = await measure({ lab, target: lanAddress(2), seconds }, new Set(['tcp1']));
    const sent = ((await received(mesh.hosts[0])) - before) / ((performance.now() - startMs) / 1000);
    await flood?.stop();
    return { perSecond, sent, joinsMs, gbit: tcp1 };
  } finally {
    await lab.remove();
  }
}

/** Handshake messages of strangers that a host has counted. */
async function received(host: MeshHost): Promise<number> {
  const control = await ControlConnection.open(host.socket);
  const drops = await control.call('show.drops', { all: true });
  control.close();
  return drops
    .filter(({ reason }) => reason.startsWith('handshake'))
    .reduce((sum, { count }) => sum + count, 0);
}

/** Measures every rate, streams of `seconds`, and prints a table; returns the exit status. */
export async function strangers(seconds: number): Promise<number> {
  console.log(
    'Initiations of strangers, from 60,000 addresses to both ends; time until a cleared peer is back\n',
  );
  console.log('| sent to each a second | taken in | joins, ms | slowest | TCP, Gbit/s | of that without |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  let without = 0;
  let failed = false;
  for (const rate of RATES) {
    const { sent, joinsMs, gbit } = await under(rate, seconds);
    if (rate === 0) without = gbit;
    failed ||= joinsMs.includes(null);
    const joins = joinsMs.map((ms) => (ms === null ? 'never' : Math.round(ms)));
    const slowest = joinsMs.includes(null) ? 'never' : Math.round(Math.max(...joinsMs.map(Number)));
    const share = `${Math.round((100 * gbit) / without)} %`;
    console.log(
      `| ${rate} | ${Math.round(sent)} | ${joins.join(', ')} | ${slowest} | ${gbit.toFixed(2)} | ${share} |`,
    );
  }
  return failed ? 1 : 0;
}
