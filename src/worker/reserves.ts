/** Whether the system lets a process set memory aside that it does not use. */
import { readFileSync } from 'node:fs';

const LIMITS = '/proc/self/limits';
const OVERCOMMIT = '/proc/sys/vm/overcommit_memory';
/** What is promised is counted against what there is. */
const NEVER = '2';

/** Not where promised memory is counted, or where the address space is limited: what is set aside is lacking elsewhere there. */
export function mayReserve(limits = read(LIMITS), overcommit = read(OVERCOMMIT)): boolean {
  return overcommit.trim() !== NEVER && /^Max address space +unlimited /m.test(limits);
}

/** Empty where there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
