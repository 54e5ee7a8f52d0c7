/** `ping …`: probes inside the tunnel. */
import { formerly, keyword, options, value } from '../../grammar/command.js';
import { NAME, range } from '../../grammar/values.js';
import { CliFailure, EXIT } from '../base/failure.js';
import { pingText } from '../output/shows.js';
import { command, type ExecCommand, LINK_ID, OF_INTERFACE, PEER_NAME } from './command.js';

/** The time in which an answer to the last probe still counts. */
const PING_PATIENCE_MS = 10_000;
const DEFAULT_COUNT = 5;
/** Bytes. */
const DEFAULT_SIZE = 56;
const DEFAULT_INTERVAL_MS = 200;

const TARGET = formerly(
  [value('peer', NAME, 'Name of a peer, or IPv4 address of a host behind one', { complete: 'peer' })],
  [keyword('peer', 'Only this peer'), PEER_NAME],
);

export const pingCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      keyword('ping', 'Probe a peer through the tunnel'),
      TARGET,
      options(
        [keyword('link', 'Over this link only'), LINK_ID],
        [
          keyword('count', 'Number of probes'),
          value('count', range(1, 1000, 'probes'), 'Number', { default: DEFAULT_COUNT }),
        ],
        [
          keyword('size', 'Payload of each probe'),
          value('size', range(0, 65000, 'bytes'), 'Size', { default: DEFAULT_SIZE }),
        ],
        [
          keyword('interval', 'Time between probes'),
          value('interval', range(10, 10000, 'ms'), 'Time', { default: DEFAULT_INTERVAL_MS }),
        ],
        OF_INTERFACE,
      ),
    ],
    json: { resultOf: 'ping' },
    async run(
      cli,
      { count = DEFAULT_COUNT, size = DEFAULT_SIZE, interval = DEFAULT_INTERVAL_MS, ...target },
    ) {
      const client = await cli.client();
      const asked = { ...target, count, size, intervalMs: interval };
      const result = await client.request('ping', asked, asked.count * asked.intervalMs + PING_PATIENCE_MS);
      const place = result.peer === target.peer ? [] : [`${target.peer} is behind peer ${result.peer}`];
      const text = [...place, ...pingText(result)];
      if (result.received === 0) throw new CliFailure(EXIT.FAILED, text);
      return { data: result, text };
    },
  }),
];
