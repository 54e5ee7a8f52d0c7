/**
 * Who may see the web page: whoever has the token that lies in the state folder. It is shown once; a browser keeps a session
 * of its own, so that the token is in no address, history or log.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import * as files from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { replaceFile } from '../base/durable-file.js';

const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;
const COOKIE = 'octolink';
/** Browsers that are signed in; the one signed in first is forgotten. */
const MAX_SESSIONS = 64;

/** Where the token lies. */
export function tokenFile(stateFolder: string): string {
  return join(stateFolder, 'web-token');
}

/** The token; it is made when it is not there. Throws a plain sentence when the file holds something else. */
export async function readToken(stateFolder: string): Promise<string> {
  const file = tokenFile(stateFolder);
  const found = await files.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new Error(`cannot read ${file}: ${error.message}`);
  });
  if (found !== null) {
    const token = found.trim();
    if (TOKEN.test(token)) return token;
    throw new Error(`${file} holds no token of 43 characters; remove it, and a new one is made`);
  }
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await files.mkdir(stateFolder, { recursive: true, mode: 0o700 });
  await replaceFile(files, file, `${token}\n`, { mode: 0o600, owner: null });
  return token;
}

export class Entrance {
  private readonly sessions = new Set<string>();

  constructor(private readonly token: string) {}

  /** A cookie for a browser that has the token; null for a wrong one. */
  enter(token: string): string | null {
    if (!this.isRight(token.trim())) return null;
    const session = randomBytes(TOKEN_BYTES).toString('base64url');
    this.sessions.add(session);
    const [oldest] = this.sessions;
    if (this.sessions.size > MAX_SESSIONS) this.sessions.delete(oldest);
    return `${COOKIE}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether a request comes from a browser that has entered, or brings the token itself (RFC 6750). */
  knows({ headers }: IncomingMessage): boolean {
    const brought = /^\w+ (\S+)$/.exec(headers.authorization ?? '');
    if (brought !== null) return this.isRight(brought[1]);
    const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    const session = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
    return session !== undefined && this.sessions.has(session.slice(COOKIE.length + 1));
  }

  private isRight(token: string): boolean {
    const [given, right] = [Buffer.from(token), Buffer.from(this.token)];
    return given.length === right.length && timingSafeEqual(given, right);
  }
}
