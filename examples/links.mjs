#!/usr/bin/env node
// Prints all links, then each change of a link until Ctrl-C. With --once: only the links.
import { connect, DEFAULT_SOCKET } from 'octolink/client';

const client = await connect({
  socket: process.env.OCTOLINK_SOCKET ?? DEFAULT_SOCKET,
  name: 'links example',
});

for (const { peer, link, state, rttSmoothedUs, remote } of await client.request('show.links')) {
  const rtt = rttSmoothedUs === null ? '-' : `${(rttSmoothedUs / 1000).toFixed(2)} ms`;
  console.log(`${peer} ${link} ${state} ${rtt} ${remote ?? '-'}`);
}

if (!process.argv.includes('--once')) {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  for await (const event of client.events({ signal: stop.signal })) {
    if (event.kind === 'link') console.log(`${event.peer} ${event.link} ${event.state}: ${event.cause}`);
    if (event.kind === 'lost') console.log(`(${event.count} events missed)`);
  }
}
client.close();
