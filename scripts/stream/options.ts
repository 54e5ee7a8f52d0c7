/** Command line of `node scripts/stream.mjs`. */
import { parseArgs } from 'node:util';
import { between } from '../lab/options.js';
import { LEAST_BYTES } from './datagram.js';
import type { ReceiverOptions } from './receiver.js';
import type { SenderOptions } from './sender.js';

export const HELP = `node scripts/stream.mjs receive [options]
node scripts/stream.mjs send --to ADDRESS [options]

A stream of numbered UDP datagrams between two hosts, and the account of what was lost, came twice or came
late, and of every silence. Start the receiver first; it ends with the stream, and prints the account.

  --port N        UDP port (default 5301)
  --to ADDRESS    where the receiver is
  --rate N        datagrams per second, 1–2000000 (default 20000)
  --bytes N       payload of each, ${LEAST_BYTES}–1400 (default 64)
  --seconds N     how long to send (default: until interrupted)
  --ipv6          receive over IPv6
  --json          prints the whole account as JSON
  --help
`;

export type StreamOptions =
  | { what: 'send'; json: boolean; send: SenderOptions }
  | { what: 'receive'; json: boolean; receive: ReceiverOptions };

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): StreamOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '5301' },
      to: { type: 'string' },
      rate: { type: 'string', default: '20000' },
      bytes: { type: 'string', default: '64' },
      seconds: { type: 'string' },
      ipv6: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [what, ...rest] = positionals;
  if (rest.length > 0 || (what !== 'send' && what !== 'receive')) {
    throw new Error('say `send` or `receive`; see --help');
  }
  const port = between('port', values.port, 1, 65_535);
  const { json } = values;
  if (what === 'receive') return { what, json, receive: { port, family: values.ipv6 ? 6 : 4 } };
  if (values.to === undefined) throw new Error('--to is missing: where is the receiver?');
  return {
    what,
    json,
    send: {
      to: values.to,
      port,
      rate: between('rate', values.rate, 1, 2_000_000),
      bytes: between('bytes', values.bytes, LEAST_BYTES, 1400),
      seconds: values.seconds === undefined ? undefined : between('seconds', values.seconds, 1, 86_400),
    },
  };
}
