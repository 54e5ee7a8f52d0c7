/** Whether a bridge of the kernel runs the spanning tree protocol, by itself or by a program for it. */
import { readFileSync } from 'node:fs';

/** False as well for a bridge that is absent. */
export function runsSpanningTree(bridge: string): boolean {
  try {
    return readFileSync(`/sys/class/net/${bridge}/bridge/stp_state`, 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}
