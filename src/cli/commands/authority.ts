/** A network authority and its certificates: `authority …` and `show certificate`. They need no daemon and no network. */
import { keyword, options, value } from '../../grammar/command.js';
import { durationOf, KEY, LOCAL_FILE, NAME, NAMES } from '../../grammar/values.js';
import { EXIT, failure } from '../base/failure.js';
import { certificateText } from '../output/certificate.js';
import { type Cli, command, type ExecCommand } from './command.js';
import { readText } from './configuration-files.js';

const DAY_S = 86_400;
const VALID_S = 90 * DAY_S;
const AUTHORITY = keyword('authority', 'Keys and certificates of a network authority, offline');

/** The signing keys of the private key in a file, for as long as `use` takes. */
async function withAuthority<T>(
  cli: Cli,
  file: string,
  use: (signing: typeof import('./certificates.js'), privateKey: string) => T,
): Promise<T> {
  const signing = await import('./certificates.js');
  const privateKey = (await readText(cli, file)).trim();
  try {
    return use(signing, privateKey);
  } catch (error) {
    throw failure(EXIT.BAD_CONFIG, (error as Error).message);
  }
}

export const authorityCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      AUTHORITY,
      keyword('pubkey', 'Print the public key of an authority'),
      value('file', LOCAL_FILE, 'Private key of the authority, as genkey prints it'),
    ],
    json: { form: '{ "publicKey": base64 }' },
    async run(cli, { file }) {
      const publicKey = await withAuthority(cli, file, (signing, key) => signing.authorityOf(key));
      return { data: { publicKey }, text: [publicKey] };
    },
  }),
  command({
    privilege: 'read',
    tokens: [
      AUTHORITY,
      keyword('sign', 'Print a certificate for a member'),
      value('file', LOCAL_FILE, 'Private key of the authority, as genkey prints it'),
      value('member', NAME, 'Name of the member'),
      value('publicKey', KEY, 'Public key of the member'),
      options(
        [keyword('group', 'Groups that it belongs to'), value('groups', NAMES, 'Names', { default: 'none' })],
        [
          keyword('valid', 'How long the certificate holds'),
          value('valid', durationOf(60, 10 * 365 * DAY_S), 'Time with its unit', { default: '90d' }),
        ],
      ),
    ],
    json: { form: '{ "certificate": text }' },
    async run(cli, { file, member, publicKey, groups, valid = VALID_S }) {
      const certificate = await withAuthority(cli, file, (signing, key) =>
        signing.certify(key, {
          name: member,
          publicKey,
          groups: groups?.split(',') ?? [],
          nowMs: Date.now(),
          validS: valid,
        }),
      );
      return { data: { certificate }, text: [certificate] };
    },
  }),
  command({
    privilege: 'read',
    tokens: [
      keyword('show', 'Show status, counters and configuration'),
      keyword('certificate', 'What a certificate says'),
      value('file', LOCAL_FILE, 'File with the certificate'),
    ],
    json: { form: '{ "name", "publicKey", "authority", "groups", "issuedMs", "expiresMs" }' },
    async run(cli, { file }) {
      const { describe } = await import('./certificates.js');
      const data = describe(await readText(cli, file));
      if (data === null)
        throw failure(EXIT.BAD_CONFIG, `${file} holds no certificate, or one that was damaged`);
      return { data, text: certificateText(data, Date.now()) };
    },
  }),
];
