/** Files that are fetched again and again across the cuts: by NFS and by QUIC. */
import { until } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import type { Outcome, Row } from '../row.js';

const FILE = '/run/files/file';
const COPY = '/run/copy';

/** Fetches a file of `megabytes` all the time while the link in use is cut; every copy must be whole. */
async function fetched(bed: Bed, megabytes: number, fetch: string): Promise<Outcome> {
  const client = bed.host(2);
  const sum = (
    await bed.host(1).sh(`head -c ${megabytes}M /dev/urandom > ${FILE}; sha256sum < ${FILE}`)
  ).trim();
  await client.file(
    '/run/fetch',
    `while [ ! -e /run/enough ]; do
  ${fetch} 2>/run/fetch.log && [ "$(sha256sum < ${COPY})" = "${sum}" ] && echo whole || { echo broken; tail -3 /run/fetch.log; }
done\n`,
  );
  const count = (what: string) =>
    client
      .log('fetch')
      .split('\n')
      .filter((line) => line === what).length;
  const fetching = client.start('fetch', 'sh /run/fetch');
  await until('the first copy', () => count('whole') + count('broken') > 0, 30_000);
  const before = count('whole');
  await bed.cutAll();
  await client.sh('touch /run/enough');
  await fetching.exit();
  if (count('broken') > 0) throw new Error(`${count('broken')} copies were broken`);
  return {
    without: `a file of ${megabytes} MB arrives whole`,
    cut: `${count('whole') - before} copies while links were cut, all whole`,
  };
}

const EXPORT = `NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; }
NFSv4 { Graceless = true; RecoveryBackend = fs; }
EXPORT { Export_Id = 1; Path = /run/files; Pseudo = /files; Access_Type = RO; Squash = None; SecType = sys; Protocols = 4; FSAL { Name = VFS; } }
`;

async function nfs(bed: Bed): Promise<Outcome> {
  const server = bed.host(1);
  await server.sh('mkdir -p /run/files /run/ganesha /var/lib/nfs/ganesha /var/run/ganesha');
  await server.file('/etc/ganesha/octo.conf', EXPORT);
  server.start('ganesha', 'ganesha.nfsd -F -L /dev/stdout -f /etc/ganesha/octo.conf -p /run/ganesha.pid');
  await server.holds('the NFS server', 'ss -tln | grep -q :2049');
  return fetched(bed, 40, `nfs-cat "nfs://${bed.address(1)}/files/file?version=4" > ${COPY}`);
}

async function quic(bed: Bed): Promise<Outcome> {
  const server = bed.host(1);
  await server.sh(`mkdir -p /run/files
    openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/key -out /run/cert -subj /CN=octo -days 1`);
  server.start('quic', "gtlsserver -q -d /run/files '*' 4433 /run/key /run/cert");
  await server.holds('the QUIC server', 'ss -uln | grep -q :4433');
  const url = `https://${bed.address(1)}:4433/file`;
  return fetched(
    bed,
    5,
    `gtlsclient -q --exit-on-all-streams-close --download=/run ${bed.address(1)} 4433 ${url} >/dev/null && mv /run/file ${COPY}`,
  );
}

export const TRANSFERS: Row[] = [
  {
    name: 'nfs',
    program: 'NFS-Ganesha',
    packages: ['nfs-ganesha', 'nfs-ganesha-vfs', 'libnfs-utils'],
    asked: 'NFSv4: a file is read again and again (client: libnfs)',
    know: '',
    run: nfs,
  },
  {
    name: 'quic',
    program: 'ngtcp2',
    packages: ['ngtcp2-client', 'ngtcp2-server', 'openssl'],
    asked: 'HTTP/3 over QUIC: a file is fetched again and again',
    know: '',
    run: quic,
  },
];
