/** `genkey` and `pubkey`: they need no daemon. */
import { keyword } from '../../grammar/command.js';
import { EXIT, failure } from '../base/failure.js';
import { command, type ExecCommand } from './command.js';

export const keyCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [keyword('genkey', 'Print a new private key')],
    json: { form: '{ "privateKey": base64 }' },
    async run() {
      const { generatePrivateKey } = await import('./key-pair.js');
      const privateKey = generatePrivateKey();
      return { data: { privateKey }, text: [privateKey] };
    },
  }),
  command({
    privilege: 'read',
    tokens: [keyword('pubkey', 'Read a private key from standard input and print its public key')],
    json: { form: '{ "publicKey": base64 }' },
    async run(cli) {
      if (cli.interactive)
        throw failure(EXIT.FAILED, 'pubkey reads the key from standard input: octolink pubkey < FILE');
      const { publicKeyOf } = await import('./key-pair.js');
      const privateKey = (await cli.readInput()).trim();
      try {
        const publicKey = publicKeyOf(privateKey);
        return { data: { publicKey }, text: [publicKey] };
      } catch (error) {
        throw failure(EXIT.BAD_CONFIG, (error as Error).message);
      }
    },
  }),
];
