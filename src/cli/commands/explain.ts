/** `explain …`: why frames go where they go. */
import { formerly, keyword, options } from '../../grammar/command.js';
import { EXIT, failure } from '../base/failure.js';
import { explainText, flowsText } from '../output/explain.js';
import {
  calling,
  command,
  type ExecCommand,
  IN_INTERFACE,
  OF_INTERFACE,
  OF_LINK,
  PEER_NAME,
} from './command.js';

const EXPLAIN = keyword('explain', 'Explain why frames go where they go');
const PEER = formerly(
  [PEER_NAME],
  [keyword('peer', 'Which links the frames of a peer take, and why'), PEER_NAME],
);

export const explainCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [EXPLAIN, PEER, options(OF_LINK, OF_INTERFACE)],
    json: { resultOf: 'explain.peer' },
    async run(cli, { link: id, ...which }) {
      const found = await (await cli.client()).request('explain.peer', which);
      const links = found.links.filter(({ link }) => id === undefined || link === id);
      if (id !== undefined && links.length === 0) {
        throw failure(EXIT.FAILED, `link ${id} of peer ${which.peer} not found`);
      }
      const data = { ...found, links };
      return { data, text: explainText(data) };
    },
  }),
  calling({
    privilege: 'read',
    tokens: [EXPLAIN, PEER, keyword('flow', 'Which link each flow of the last minute takes'), IN_INTERFACE],
    method: 'explain.flows',
    params: (which) => which,
    text: flowsText,
  }),
];
