/** What an interface's configuration means for its registry; files are read each time anew. */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { RegistryConfig } from '../../api/config.js';
import { login } from '../registry/etcd.js';
import { Gateway, type GatewayTerms } from '../registry/gateway.js';

const MAX_PASSWORD = 1024;
const GROUP_AND_OTHERS = 0o077;

/** A way to the servers. Throws a sentence when a file cannot be used. */
export async function openGateway(config: RegistryConfig, index: number): Promise<Gateway> {
  const { servers, caFile, certificate, user } = config;
  if (servers.length === 0) throw new Error('no server is configured');
  const terms: GatewayTerms = { servers };
  if (caFile !== undefined) terms.ca = await readFile(caFile, 'utf8');
  if (certificate !== undefined) {
    terms.cert = await readFile(certificate.file, 'utf8');
    terms.key = await readPrivate(certificate.keyFile);
  }
  return new Gateway(
    terms,
    index,
    user === undefined
      ? null
      : async (gateway, signal) => {
          const password = (await readPrivate(user.passwordFile)).replace(/\r?\n$/, '');
          if (password.length > MAX_PASSWORD) throw new Error(`${user.passwordFile}: no password`);
          return login(gateway, { name: user.name, password }, signal);
        },
  );
}

/** The text of a file that nobody else may read. */
async function readPrivate(path: string): Promise<string> {
  // Non-blocking, so that a FIFO is refused instead of waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is not a file`);
    if ((stat.mode & GROUP_AND_OTHERS) !== 0) throw new Error(`${path} can be read by others (chmod 600)`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
