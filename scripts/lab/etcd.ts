/** An etcd cluster on one host of a lab, of the Debian package, unpacked beside the system. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostFolder, type Lab } from './lab.js';
import { unpack } from './packages.js';
import type { LabProcess } from './process.js';
import { capture, run, until } from './run.js';

const CLIENT_PORT = 2379;
const PEER_PORT = 2479;
const READY_MS = 20_000;
/** On one machine a leader need not be waited for as in a network, and passwords need not be slow to try. */
const QUICK = ['--heartbeat-interval', '50', '--election-timeout', '500', '--bcrypt-cost', '4'];

interface EtcdOptions {
  lab: Lab;
  host: number;
  /** Address of the host by which clients come. */
  address: string;
  members: number;
  /** Serve clients by TLS, and only those with a certificate. */
  tls?: boolean;
}

interface Member {
  process: LabProcess;
  words: string[];
  url: string;
}

export class EtcdCluster {
  readonly members: Member[] = [];
  /** Files of certificates, for `tls`. */
  readonly certificates: { ca: string; client: string; clientKey: string };
  private readonly folder: string;
  private program = '';

  private constructor(private readonly options: EtcdOptions) {
    this.folder = join(hostFolder(options.lab, options.host), 'etcd');
    mkdirSync(this.folder, { recursive: true });
    const file = (name: string) => join(this.folder, name);
    this.certificates = { ca: file('ca.pem'), client: file('client.pem'), clientKey: file('client.key') };
  }

  /** Starts a cluster and waits until it has a leader. Throws when the package cannot be had. */
  static async start(options: EtcdOptions): Promise<EtcdCluster> {
    const cluster = new EtcdCluster(options);
    const { folder } = await unpack(['etcd-server']);
    cluster.program = join(folder, 'usr/bin/etcd');
    if (options.tls) await cluster.makeCertificates();
    for (let index = 0; index < options.members; index++) cluster.add(index);
    await cluster.ready();
    return cluster;
  }

  get urls(): string[] {
    return this.members.map(({ url }) => url);
  }

  private add(index: number): void {
    const { address, members, tls } = this.options;
    const peerUrl = (of: number) => `http://127.0.0.1:${PEER_PORT + of}`;
    const url = `${tls ? 'https' : 'http'}://${address}:${CLIENT_PORT + index}`;
    const all = Array.from({ length: members }, (_, of) => `m${of}=${peerUrl(of)}`).join(',');
    const words = ['--name', `m${index}`, '--data-dir', join(this.folder, `m${index}`)];
    words.push('--listen-peer-urls', peerUrl(index), '--initial-advertise-peer-urls', peerUrl(index));
    words.push('--listen-client-urls', url, '--advertise-client-urls', url, '--initial-cluster', all);
    words.push(...QUICK);
    if (tls) {
      const { ca } = this.certificates;
      const own = [
        '--cert-file',
        join(this.folder, 'server.pem'),
        '--key-file',
        join(this.folder, 'server.key'),
      ];
      words.push(...own, '--trusted-ca-file', ca, '--client-cert-auth');
    }
    this.members.push({ process: this.launch(words, index), words, url });
  }

  private launch(words: string[], index: number): LabProcess {
    const logFile = join(this.folder, `m${index}.log`);
    return this.options.lab.start(this.options.host, this.program, words, { logFile });
  }

  /** Waits until the cluster takes a write. */
  async ready(): Promise<void> {
    const key = Buffer.from('/ready').toString('base64');
    await until(
      'etcd to take a write',
      async () => 'header' in (await this.call('kv/put', { key })),
      READY_MS,
      50,
    );
  }

  /** Stops or kills a member, or all; `again` starts them with what they had. */
  async stop(index: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.members[index].process.stop(signal);
  }

  /** Kills all of them. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map(({ process }) => process.stop('SIGKILL')));
  }

  again(index: number): void {
    this.members[index].process = this.launch(this.members[index].words, index);
  }

  /** Index of the leader. */
  async leader(): Promise<number> {
    for (const [index] of this.members.entries()) {
      const { leader, header } = await this.call('maintenance/status', {}, index);
      if (leader !== undefined && leader === (header as { member_id?: string }).member_id) return index;
    }
    throw new Error('etcd has no leader');
  }

  /** Calls the gateway of a member, from its own host. */
  async call(path: string, body: unknown, index = 0, token?: string): Promise<Record<string, unknown>> {
    const { lab, host, tls } = this.options;
    const { ca, client, clientKey } = this.certificates;
    const words = ['-s', '-m', '2', '-d', JSON.stringify(body), `${this.members[index].url}/v3/${path}`];
    if (tls) words.push('--cacert', ca, '--cert', client, '--key', clientKey);
    if (token !== undefined) words.push('-H', `Authorization: ${token}`);
    const inside = ['netns', 'exec', lab.hosts[host - 1].namespace, 'curl', ...words];
    const { stdout } = await capture('ip', inside);
    return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  }

  private async makeCertificates(): Promise<void> {
    const { address } = this.options;
    const script = `
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /O=lab -keyout ca.key -out ca.pem
      for name in server client; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=$name -keyout $name.key -out $name.csr
        printf 'subjectAltName=IP:%s\\nextendedKeyUsage=serverAuth,clientAuth\\n' ${address} >$name.ext
        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
        chmod 600 $name.key
      done`;
    await run('sh', ['-ec', script], { cwd: this.folder });
  }
}
