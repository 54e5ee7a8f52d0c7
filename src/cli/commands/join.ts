/** `join`: this host becomes a member of a network, from a token to the first ping. */
import type { JoinOffer, LinkStatus } from '../../api/index.js';
import { flag, keyword, options, value } from '../../grammar/command.js';
import { LOCAL_FILE, TOKEN } from '../../grammar/values.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { EXIT, failure } from '../base/failure.js';
import { joinedText, pathsText } from '../output/invitations.js';
import { othersText } from '../output/written.js';
import { type Cli, command, type ExecCommand, OF_INTERFACE } from './command.js';
import { APPLY_PATIENCE_MS, readText } from './configuration-files.js';

/** Without a confirmation by then, what was joined is taken back. */
const CONFIRM_MINUTES = 2;
const UP_PATIENCE_S = 20;
const PINGS = { count: 3, size: 56, intervalMs: 50 };
/** Ways to the inviter are tried for so long at most. */
const JOIN_PATIENCE_MS = 15_000;

export const joinCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('join', 'Become a member of a network by a token from "invite"'),
      options(
        [
          value('token', TOKEN, 'The token; "-" reads it from standard input. Without it you are asked', {
            called: 'token',
          }),
        ],
        [keyword('file', 'Read the token from a file'), value('file', LOCAL_FILE, 'File on this host')],
        [flag('identity-only', 'Only make this host known; its configuration comes from elsewhere')],
        OF_INTERFACE,
      ),
    ],
    details:
      'Every pair of network cards is tried, and links are made of those that work. The configuration is shown, applied after a question (option -y answers it), and kept and saved once a ping has gone through; otherwise it is taken back. A token on the command line may stay in the history of a shell.',
    json: {
      form: '{ "offer": what `join` of the control API answers, "links": [LinkStatus], "rttUs": number }',
    },
    async run(cli, { token, file, interface: name, 'identity-only': isIdentityOnly }) {
      await cli.settle();
      if (cli.editing.hasCandidate) throw failure(EXIT.BUSY, 'leave the candidate first: commit or abort');
      const secret = await tokenFrom(cli, token, file);
      const client = await cli.client();
      const given = { token: secret, ...(name !== undefined && { interface: name }) };
      const offer = await client.request('join', given, JOIN_PATIENCE_MS);
      if (isIdentityOnly) return identity(offer);
      cli.remark([...pathsText(offer), '', ...(await changes(client, offer))]);
      if (!(await cli.confirm('Apply this configuration?'))) {
        throw failure(
          EXIT.FAILED,
          'not applied; the inviter knows this host now, and the same token works again',
        );
      }
      return bringUp(cli, client, offer);
    },
  }),
];

async function tokenFrom(cli: Cli, token: string | undefined, file: string | undefined): Promise<string> {
  if (file !== undefined) return (await readText(cli, file)).trim();
  if (token !== undefined && token !== '-') {
    if (!cli.interactive) cli.remark(['% Warning: the token may stay in the history of your shell']);
    return token;
  }
  const terminal = token === '-' ? null : await cli.terminal();
  if (terminal === null) {
    if (cli.interactive)
      throw failure(EXIT.FAILED, 'there is no standard input here: type "join" and paste the token');
    return (await cli.readInput()).trim();
  }
  const { askSecret } = await import('../terminal/confirm.js');
  const answer = await askSecret(terminal, 'Token (it is not shown): ', cli.signal);
  if (answer === '') throw failure(EXIT.INTERRUPTED, 'no token was given');
  return answer;
}

function identity(offer: JoinOffer) {
  const { name, peer, publicKey, addresses } = offer;
  const address = addresses.length === 0 ? [] : [`Its address inside the network: ${addresses.join(', ')}`];
  return {
    data: { offer, links: [], rttUs: null },
    text: [`${peer} knows this host now as ${name}, by its public key ${publicKey}.`, ...address],
  };
}

/** The differences, as `show configuration compare` prints them. */
async function changes(client: DaemonClient, { lines }: JoinOffer): Promise<string[]> {
  const checked = await client.request('config.apply', {
    context: [],
    lines,
    mode: 'merge',
    checkOnly: true,
  });
  return checked.changed ? (checked.diff ?? []) : ['Nothing to change.'];
}

async function bringUp(cli: Cli, client: DaemonClient, offer: JoinOffer) {
  const { lines, interface: name, peer } = offer;
  const order = {
    context: [],
    lines,
    mode: 'merge' as const,
    checkOnly: false,
    confirmMinutes: CONFIRM_MINUTES,
  };
  const applied = await client.request(
    'config.apply',
    { ...order, comment: `joined ${peer}` },
    APPLY_PATIENCE_MS,
  );
  cli.editing.take(applied.state);
  try {
    const place = { peer, interface: name };
    await client.request('wait', { ...place, state: 'up', timeoutS: UP_PATIENCE_S }, UP_PATIENCE_S * 1000);
    const { rttMinUs } = await client.request('ping', { ...place, ...PINGS }, 2000);
    if (rttMinUs === null) throw failure(EXIT.FAILED, `${peer} is up and answers no ping`);
    const links = await settledLinks(client, place, offer);
    if (applied.state.pending !== null) cli.editing.take(await client.request('config.confirm', {}));
    const written = await client.request('config.write', {});
    return {
      data: { offer, links, rttUs: rttMinUs },
      text: [...joinedText(offer, links, rttMinUs), `Saved in ${written.file}.`, ...othersText(written)],
    };
  } catch (error) {
    const why = await reasonWhy(client, offer);
    if (applied.changed) await client.request('config.abort', {}, APPLY_PATIENCE_MS);
    cli.remark(['% Taken back: the configuration is as it was before.']);
    throw why ?? error;
  }
}

/** The links, once each is up or has had its time. */
async function settledLinks(
  client: DaemonClient,
  place: { peer: string; interface: string },
  { paths }: JoinOffer,
): Promise<LinkStatus[]> {
  const ids = paths.flatMap(({ link }) => (link === null ? [] : [link]));
  const waits = ids.map((link) =>
    client.request('wait', { ...place, link, state: 'up', timeoutS: 5 }, 5000).catch(() => null),
  );
  await Promise.all(waits);
  const links = await client.request('show.links', place);
  return links.filter(({ link }) => ids.includes(link));
}

/** What the daemon says of a peer that does not come up; null: nothing. */
async function reasonWhy(client: DaemonClient, { peer, interface: name }: JoinOffer) {
  const status = await client.request('show.peer', { peer, interface: name }).catch(() => null);
  if (status === null || status.cause === null) return null;
  return failure(EXIT.FAILED, [`${peer}: ${status.cause}`, status.advice].filter(Boolean).join('; '));
}
