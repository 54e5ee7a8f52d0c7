/** `explain …`: why frames go where they go. */
import { keyword } from '../../grammar/command.js';
import { explainText, flowsText } from '../output/explain.js';
import { calling, type ExecCommand, IN_INTERFACE, PEER_NAME } from './command.js';

export const explainCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      keyword('explain', 'Explain why frames go where they go'),
      keyword('peer', 'Which links the frames of a peer take, and why'),
      PEER_NAME,
      IN_INTERFACE,
    ],
    method: 'explain.peer',
    params: (which) => which,
    text: explainText,
  }),
  calling({
    privilege: 'read',
    tokens: [
      keyword('explain', 'Explain why frames go where they go'),
      keyword('peer', 'Which links the frames of a peer take, and why'),
      PEER_NAME,
      keyword('flow', 'Which link each flow of the last minute takes'),
      IN_INTERFACE,
    ],
    method: 'explain.flows',
    params: (which) => which,
    text: flowsText,
  }),
];
