import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExpiryStatus, MetricFamily } from '../../src/api/index.js';
import type { LinkState } from '../../src/api/link-states.js';
import { METRICS_CONTENT_TYPE, metricsText } from '../../src/api/metrics-text.js';
import { COUNTERS_TABLE } from '../../src/cli/output/shows.js';
import { GrowingTable } from '../../src/cli/output/table.js';
import { metricName } from '../../src/contract/counter-names.js';
import { INTERFACE, LINK, LINK_WIDTH, SharedStats } from '../../src/contract/stats.js';
import { PeerEntries, type PeerEntry } from '../../src/daemon/interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { interfaceCounters, peerCounters } from '../../src/daemon/observe/counters.js';
import { Histories } from '../../src/daemon/observe/link-histories.js';
import { collectMetrics } from '../../src/daemon/observe/metric-families.js';
import { metricsEndpoint } from '../../src/daemon/observe/metrics-endpoint.js';
import { freePorts } from './free-ports.js';

const EXPIRING: ExpiryStatus = {
  kind: 'invitation',
  interface: 'octo0',
  name: 'kobe',
  expiresMs: 1_800_000_000_000,
  state: 'valid',
};

/** Reads the text format as its description says; throws at what is not allowed. */
function parse(text: readonly string[]): MetricFamily[] {
  const families: MetricFamily[] = [];
  for (const line of text) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name, rest] = comment;
      if (kind === 'HELP') {
        if (families.some((family) => family.name === name)) throw new Error(`${name} comes twice`);
        families.push({ name, type: 'gauge', help: unescaped(rest), samples: [] });
      } else {
        const family = families[families.length - 1];
        if (family?.name !== name || family.samples.length > 0) throw new Error(`misplaced: ${line}`);
        family.type = rest as MetricFamily['type'];
      }
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    const family = families[families.length - 1];
    if (sample === null || family === undefined) throw new Error(`not understood: ${line}`);
    const [, name, labels = '', value] = sample;
    if (!name.startsWith(family.name)) throw new Error(`${line} is not of ${family.name}`);
    const suffix = name.slice(family.name.length) as '' | '_sum' | '_count';
    family.samples.push({ suffix, labels: parseLabels(labels), value: Number(value) });
  }
  return families;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;
  while (pair.lastIndex < text.length) {
    const at = pair.lastIndex;
    const found = pair.exec(text);
    if (found === null) throw new Error(`labels not understood: ${text.slice(at)}`);
    labels[found[1]] = unescaped(found[2]);
  }
  return labels;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

const labelText = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', ' ', '大') });

const families: fc.Arbitrary<MetricFamily[]> = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^octolink_[a-z_]{1,20}$/),
    type: fc.constantFrom('counter' as const, 'gauge' as const, 'summary' as const),
    help: labelText,
    samples: fc.array(
      fc.record({
        suffix: fc.constant('' as const),
        labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), labelText, { noNullPrototype: true }),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  { selector: ({ name }) => name, maxLength: 5 },
);

describe('the text of metrics', () => {
  it('reads back as what it was made from, whatever a label contains', () => {
    fc.assert(
      fc.property(families, (given) => {
        expect(parse(metricsText(given))).toEqual(given);
      }),
    );
  });

  it('has no family without samples', () => {
    expect(metricsText([{ name: 'octolink_x', type: 'gauge', help: 'X', samples: [] }])).toEqual([]);
  });
});

function fakeRuntime(links: Record<number, LinkState>): InterfaceRuntime {
  const peers = new PeerEntries();
  const peer = peers.add({ name: 'osaka', links: [] });
  for (const [id, state] of Object.entries(links))
    peers.setState(peers.addLink(peer, { id: Number(id) }, []), state);
  peers.setUp(peer, true);
  const runtime = {
    name: 'octo"0',
    peers,
    datapath: { alive: true, stats: new SharedStats({ peers: 1, links: 8 }) },
    tapQueue: { drops: () => 0 },
    sockets: { queues: { drops: () => 0 } },
    handshakes: { counters: { 'bad-mac1': 3 } },
    bandwidth: { refused: {} },
    members: { refusals: { counters: { malformed: 0 } }, registry: { follower: null } },
  };
  return runtime as unknown as InterfaceRuntime;
}

function collected(runtime: InterfaceRuntime, limit = 8): MetricFamily[] {
  const histories = new Histories(
    () => 1e9,
    () => [runtime],
    () => limit,
  );
  histories.sample();
  const text = metricsText(
    collectMetrics({
      runtimes: [runtime],
      histories,
      expiries: { list: () => [EXPIRING] },
      uptimeSeconds: 12.5,
      memoryRssBytes: 1e8,
    }),
  );
  return parse(text);
}

describe('metrics of the daemon', () => {
  it('keep to the rules of names, and no series comes twice', () => {
    const runtime = fakeRuntime({ 0: 'up', 1: 'down' });
    runtime.datapath.stats.links.fill(5);
    for (const { name, type, help, samples } of collected(runtime)) {
      expect(name).toMatch(/^octolink_[a-z0-9_]+$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(help).toMatch(/^\S.{5,}/);
      const series = samples.map(({ suffix, labels }) => JSON.stringify([suffix, labels]));
      expect(new Set(series).size, name).toBe(series.length);
    }
  });

  it('have the names that show counters and its JSON have', async () => {
    const runtime = fakeRuntime({ 0: 'up' });
    runtime.datapath.stats.links.fill(5);
    const peer = runtime.peers.get('osaka') as PeerEntry;
    const counters = [...interfaceCounters(runtime), ...peerCounters(runtime, peer)];
    for (const { name, counter } of counters) {
      expect(counter).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect(counter).not.toMatch(/(^|_)(we|our|ours|it|its|they|them)(_|$)/);
      expect(counter.endsWith('_us'), name).toBe(name.endsWith('Us'));
      if (name.endsWith('Bytes')) expect(counter, name).toMatch(/_bytes$/);
    }
    const shown = new GrowingTable(COUNTERS_TABLE).add(counters).join('\n');
    for (const { counter } of counters) expect(shown).toContain(` ${counter} `);
    const scopes = { interface_: interfaceCounters(runtime), link_: peerCounters(runtime, peer) };
    const known = Object.entries(scopes).flatMap(([scope, rows]) =>
      rows.flatMap(({ counter }) =>
        (['counter', 'gauge'] as const).map((type) => `octolink_${scope}${metricName(counter, type)}`),
      ),
    );
    const ownNames = collected(runtime)
      .map(({ name }) => name)
      .filter((name) => !known.includes(name) && /_(interface|link)_/.test(name));
    expect(ownNames).toEqual([
      // Counted anew for the metrics, or several counters in one family with a label.
      'octolink_interface_up',
      'octolink_interface_drops_total',
      'octolink_interface_peers',
      'octolink_interface_peers_up',
      'octolink_interface_links',
      'octolink_link_up',
      'octolink_link_due_datagrams_total',
      'octolink_link_arrived_datagrams_total',
      'octolink_link_rtt_seconds',
    ]);
  });

  it.each(['alerts.yml', 'alerts.test.yml', 'dashboard.json'])('exist that monitoring/%s names', (file) => {
    const text = readFileSync(new URL(`../../../monitoring/${file}`, import.meta.url), 'utf8');
    const named = new Set([...text.matchAll(/octolink_[a-z0-9_]+/g)].map(([name]) => name));
    const runtime = fakeRuntime({ 0: 'up' });
    runtime.datapath.stats.links.fill(5);
    const known = collected(runtime).map(({ name }) => name);
    expect(named.size).toBeGreaterThan(2);
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  });

  it('are the numbers of the shared counters, in base units', () => {
    const runtime = fakeRuntime({ 0: 'up' });
    const { stats } = runtime.datapath;
    const set = (field: keyof typeof LINK, value: number): void => {
      stats.links[0 * LINK_WIDTH + LINK[field]] = value;
    };
    stats.interface[INTERFACE.tapRxFrames] = 77;
    set('rttP99Us', 12_000);
    set('rttSumUs', 3_000_000);
    set('rttSamples', 200);
    set('dueOut', 1000);
    set('arrivedOut', 990);
    set('capacityOutBps', 1_000_000);
    set('queueOutUs', 1500);
    const families = collected(runtime);
    const value = (name: string, suffix: string, wanted: Record<string, string>): number | undefined =>
      families
        .find((family) => family.name === `octolink_${name}`)
        ?.samples.find(
          (sample) =>
            sample.suffix === suffix &&
            Object.entries(wanted).every(([label, text]) => sample.labels[label] === text),
        )?.value;
    const link = { interface: 'octo"0', peer: 'osaka', link: '0' };
    expect(value('interface_tap_receive_frames_total', '', { interface: 'octo"0' })).toBe(77);
    expect(value('interface_drops_total', '', { reason: 'handshake/bad-mac1' })).toBe(3);
    expect(value('interface_links', '', { state: 'up' })).toBe(1);
    expect(value('interface_links', '', { state: 'down' })).toBe(0);
    expect(value('link_up', '', link)).toBe(1);
    expect(value('link_rtt_seconds', '', { ...link, quantile: '0.99' })).toBeCloseTo(0.012, 9);
    expect(value('link_rtt_seconds', '_sum', link)).toBeCloseTo(3, 9);
    expect(value('link_rtt_seconds', '_count', link)).toBe(200);
    expect(value('link_due_datagrams_total', '', { ...link, direction: 'out' })).toBe(1000);
    expect(value('link_arrived_datagrams_total', '', { ...link, direction: 'out' })).toBe(990);
    expect(value('link_queue_seconds', '', link)).toBeCloseTo(0.0015, 9);
  });

  it('leave out what is not known: round-trip time never measured, capacity not estimated', () => {
    const names = collected(fakeRuntime({ 0: 'up' })).map(({ name }) => name);
    expect(names).toContain('octolink_link_up');
    expect(names).not.toContain('octolink_link_rtt_seconds');
    expect(names).not.toContain('octolink_link_capacity_bytes_per_second');
  });

  it('have series for links of which history is kept only', () => {
    const links = (limit: number): number | undefined =>
      collected(fakeRuntime({ 0: 'up', 1: 'up', 2: 'up' }), limit).find(
        ({ name }) => name === 'octolink_link_up',
      )?.samples.length;
    expect(links(2)).toBe(2);
    expect(links(0)).toBeUndefined();
  });
});

interface Answer {
  status: number | undefined;
  type: string | undefined;
  body: string;
}

function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, type: response.headers['content-type'], body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the place where metrics are served', () => {
  const endpoint = metricsEndpoint(() => 'octolink_uptime_seconds 1\n');
  afterEach(() => endpoint.close());

  it('answers although many hold connections and say nothing', async () => {
    const [port] = await freePorts(1);
    await endpoint.serveAt({ address: '127.0.0.1', port });
    const holders = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      }),
    );
    expect((await ask(port, '/metrics')).status).toBe(200);
    expect((await ask(port, '/metrics')).status).toBe(200);
    for (const socket of holders) socket.destroy();
  });

  it('keeps few answers that nobody reads, and still answers', async () => {
    const [port] = await freePorts(1);
    const text = 'x 1\n'.repeat(2_000_000);
    const large = metricsEndpoint(() => text);
    await large.serveAt({ address: '127.0.0.1', port });
    const sockets = Array.from({ length: 40 }, () => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      socket.pause();
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      return socket;
    });
    expect((await ask(port, '/metrics')).body.length).toBe(text.length);
    const whole = sockets.map(async (socket) => {
      let bytes = 0;
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      socket.resume();
      await once(socket, 'close');
      return bytes >= text.length;
    });
    expect((await Promise.all(whole)).filter(Boolean).length).toBeLessThanOrEqual(16);
    large.close();
  });

  it('answers GET and HEAD of /metrics, and nothing else', async () => {
    const [port] = await freePorts(1);
    await endpoint.serveAt({ address: '127.0.0.1', port });
    const whole = { status: 200, type: METRICS_CONTENT_TYPE, body: 'octolink_uptime_seconds 1\n' };
    expect(await ask(port, '/metrics')).toEqual(whole);
    expect(await ask(port, '/metrics?name=x')).toEqual(whole);
    expect(await ask(port, '/metrics', 'HEAD')).toEqual({ ...whole, body: '' });
    expect((await ask(port, '/')).status).toBe(404);
    expect((await ask(port, '/metrics/../etc')).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask(port, '/metrics', method)).status, method).toBe(405);
    }
  });

  it('moves while it runs, and ends', async () => {
    const [first, second] = await freePorts(2);
    await endpoint.serveAt({ address: '127.0.0.1', port: first });
    await endpoint.serveAt({ address: '127.0.0.1', port: second });
    expect((await ask(second, '/metrics')).status).toBe(200);
    await expect(ask(first, '/metrics')).rejects.toThrow('ECONNREFUSED');
    await endpoint.serveAt(null);
    await expect(ask(second, '/metrics')).rejects.toThrow('ECONNREFUSED');
  });

  it('stays where it is when the new one is taken, and says why', async () => {
    const [port, taken] = await freePorts(2);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve));
    await endpoint.serveAt({ address: '127.0.0.1', port });
    await expect(endpoint.serveAt({ address: '127.0.0.1', port: taken })).rejects.toThrow(
      `metrics cannot be served at 127.0.0.1 port ${taken}: another program listens there`,
    );
    expect((await ask(port, '/metrics')).status).toBe(200);
    await new Promise((resolve) => other.close(resolve));
  });

  it('survives what is no HTTP', async () => {
    const [port] = await freePorts(1);
    await endpoint.serveAt({ address: '127.0.0.1', port });
    const { connect } = await import('node:net');
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.end(Buffer.from('\x00\x01 nonsense\r\n\r\n'));
    await closed;
    expect((await ask(port, '/metrics')).status).toBe(200);
  });
});
