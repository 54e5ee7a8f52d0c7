/** `ping …`: probes inside the tunnel. */
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { CliFailure, EXIT } from '../failure.js';
import { pingText } from '../output/shows.js';
import { command, type ExecCommand, INTERFACE_FILTER, LINK_ID, PEER_NAME, peerOf } from './command.js';

/** The time in which an answer to the last probe still counts. */
const PING_PATIENCE_MS = 10_000;

export const pingCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      keyword('ping', 'Measure the way to a peer, inside the tunnel'),
      keyword('peer', 'The peer'),
      PEER_NAME,
      options(
        [keyword('link', 'By one link'), LINK_ID],
        [keyword('count', 'Number of probes (default 5)'), value('count', range(1, 1000), 'Probes')],
        [keyword('size', 'Payload of each probe (default 56)'), value('size', range(0, 65000), 'Bytes')],
        [
          keyword('interval', 'Time between probes (default 200)'),
          value('interval', range(10, 10000), 'Milliseconds'),
        ],
        INTERFACE_FILTER,
      ),
    ],
    json: { resultOf: 'ping' },
    async run(session, args) {
      const client = await session.client();
      const asked = {
        ...peerOf(args),
        count: args.numberOr('count', 5),
        size: args.numberOr('size', 56),
        intervalMs: args.numberOr('interval', 200),
      };
      const result = await client.request('ping', asked, asked.count * asked.intervalMs + PING_PATIENCE_MS);
      if (result.received === 0) throw new CliFailure(EXIT.FAILED, pingText(result));
      return { data: result, text: pingText(result) };
    },
  }),
];
