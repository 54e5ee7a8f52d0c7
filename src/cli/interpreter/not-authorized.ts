/** What is said to those who may not do what they typed: the reason, and what they may do. */

/** Commands that tell something and change nothing; "list" names all of them. */
export const ALLOWED_TO_ALL = ['show', 'explain', 'ping', 'wait', 'monitor', 'watch', 'top', 'list'] as const;

/** `read-only`: the program was started with -r. Otherwise the privilege that the daemon gave. */
export function notAuthorized(why: 'read-only' | 'read' | 'admin'): string[] {
  const failed = '% Command authorization failed.';
  if (why === 'admin') return [failed, '  This command is for administrators: type "enable" first.'];
  const reason =
    why === 'read-only'
      ? 'Read-only (-r): nothing can be changed.'
      : 'Only root and the group octolink may change something.';
  return [failed, `  ${reason}`, `  Allowed: ${ALLOWED_TO_ALL.join(', ')}.`];
}
