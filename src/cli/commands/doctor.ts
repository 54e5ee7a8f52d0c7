/** `doctor`: looks for what usually goes wrong, and says what mends it. */
import { existsSync } from 'node:fs';
import type { PeerStatus } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { CliFailure, EXIT } from '../base/failure.js';
import { hostFacts } from '../base/host-facts.js';
import { doctorSummary, findingsOf, findingText, worstFirst } from '../output/doctor.js';
import { findingsOfHost } from '../output/doctor-host.js';
import type { DoctorFacts, Finding, LinkAnswer } from '../output/finding.js';
import { type Cli, command, type ExecCommand, type OutputPart } from './command.js';
import { gathered, pagesOf } from './listings.js';

const TUN = '/dev/net/tun';
const HOUR_MS = 3_600_000;
const PAGE = 500;
/** More peers than this are not looked at one by one. */
const MOST_PEERS = 5000;
/** Links that are asked for an answer. */
const MOST_ASKED = 100;
const ASKED = { count: 1, size: 56, intervalMs: 10 };
const ANSWER_PATIENCE_MS = 10_000;

export const doctorCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [keyword('doctor', 'Look for common faults; exit code 1 if there are any')],
    json: { form: 'an object a line: `kind` (`fault`, `advice` or `note`), `where`, `problem`, `remedy`' },
    run: async (cli) => ({ json: 'rows', parts: examine(cli) }),
  }),
];

async function* examine(cli: Cli): AsyncGenerator<OutputPart> {
  const ofHost = hostFindings();
  for (const finding of ofHost) yield partOf(finding);
  const facts = await askAll(cli);
  const findings = worstFirst([...findingsOf(facts), ...findingsOfHost(await hostFacts(), facts)]);
  for (const finding of findings) yield partOf(finding);
  const summary = doctorSummary([...ofHost, ...findings], facts);
  if ([...ofHost, ...findings].some(({ kind }) => kind === 'fault'))
    throw new CliFailure(EXIT.FAILED, [summary]);
  yield { data: [], text: [summary] };
}

function partOf(finding: Finding): OutputPart {
  return { data: [finding], text: findingText(finding) };
}

/** What can be seen without the daemon, and might be why it does not run. */
function hostFindings(): Finding[] {
  if (existsSync(TUN)) return [];
  const remedy = 'modprobe tun; in a container, give it the device';
  return [{ kind: 'fault', where: 'this host', problem: `${TUN} is missing: there can be no TAP`, remedy }];
}

/** Has the peers answer by each link that works; by which none came, others say more of. */
async function askLinks(client: DaemonClient, peers: readonly PeerStatus[]): Promise<LinkAnswer[]> {
  const links = peers.flatMap(({ name: peer, interface: of, links: all }) =>
    all.flatMap(({ link, state }) => (state === 'up' ? [{ peer, interface: of, link }] : [])),
  );
  const answers = links.slice(0, MOST_ASKED).map(async (place): Promise<LinkAnswer[]> => {
    const { received, seenAs, peerVersion } = await client.request(
      'ping',
      { ...place, ...ASKED },
      ANSWER_PATIENCE_MS,
    );
    return received === 0 ? [] : [{ ...place, seenAs, peerVersion }];
  });
  return (await Promise.all(answers)).flat();
}

async function askAll(cli: Cli): Promise<DoctorFacts> {
  const client = await cli.client();
  const peers: PeerStatus[] = [];
  for await (const rows of pagesOf(cli, {}, (_, page) => client.request('show.peersPage', page), PAGE)) {
    peers.push(...rows);
    if (peers.length >= MOST_PEERS) break;
  }
  const addresses = pagesOf(cli, {}, (_, page) => client.request('show.arpSuppressionPage', page), PAGE);
  const few = peers.length <= PAGE;
  const events = await client.request('show.events', {});
  return {
    system: await client.request('show.system', {}),
    interfaces: await client.request('show.interfaces', {}),
    peers,
    mtu: few ? await client.request('show.mtu', {}) : [],
    answers: await askLinks(client, peers),
    arp: await gathered(addresses),
    events: events.filter(({ timeMs }) => Date.now() - timeMs < HOUR_MS),
  };
}
