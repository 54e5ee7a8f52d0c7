/** Privileges, from the credentials that the kernel reports of the process at the other end of a socket. */
import { readFile } from 'node:fs/promises';
import type { Privilege } from '../../api/index.js';

export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** Members may administer the daemon, as root may. */
const ADMIN_GROUP = 'octolink';

/** The group's id, and its members other than by primary group. */
interface AdminGroup {
  gid: number;
  uids: ReadonlySet<number>;
}

/**
 * What a process may do: root, the daemon's own user and the administrators' group administer. Anybody else who can
 * open the socket may read.
 */
export function privilegeOf(who: Credentials, daemonUid: number, group: AdminGroup | null): Privilege {
  if (who.uid === 0 || who.uid === daemonUid) return 'admin';
  return group !== null && (who.gid === group.gid || group.uids.has(who.uid)) ? 'admin' : 'read';
}

/** Reads the administrators' group from the system's accounts; null when there is none. */
export async function readAdminGroup(): Promise<AdminGroup | null> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const [groups, users] = await Promise.all([read('/etc/group'), read('/etc/passwd')]);
  return parseAdminGroup(groups, users);
}

/** The same from the texts of group(5) and passwd(5). */
export function parseAdminGroup(groups: string, users: string): AdminGroup | null {
  const entry = fields(groups).find(([name]) => name === ADMIN_GROUP);
  if (entry === undefined || !/^\d+$/.test(entry[2] ?? '')) return null;
  const members = new Set((entry[3] ?? '').split(','));
  const uids = fields(users)
    .filter(([name, , uid]) => members.has(name) && /^\d+$/.test(uid ?? ''))
    .map(([, , uid]) => Number(uid));
  return { gid: Number(entry[2]), uids: new Set(uids) };
}

/** The account of a user id, from the text of passwd(5); the id itself where there is none. */
function userName(uid: number, users: string): string {
  return fields(users).find(([, , id]) => id === String(uid))?.[0] || String(uid);
}

/** The account of a user id, as the system knows it. */
export async function readUserName(uid: number): Promise<string> {
  return userName(uid, await readFile('/etc/passwd', 'utf8').catch(() => ''));
}

function fields(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}
