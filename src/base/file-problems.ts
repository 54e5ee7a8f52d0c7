/** What the system says of files, in words for people. */

const PROBLEMS: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of its path is not a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open in this process',
  ENFILE: 'too many files are open on this host',
};

/** Why a file cannot be used, from what a call of Node's `fs` has thrown; null: it was something else. */
export function fileProblem(error: unknown): string | null {
  const { code } = error as { code?: string };
  return PROBLEMS[code ?? ''] ?? null;
}
