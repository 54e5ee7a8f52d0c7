/**
 * `node saver.js KIND FOLDER TEXT STEP`: saves TEXT as a file of that kind, but is killed before the file operation
 * number STEP. `node saver.js endless FOLDER`: saves files of all kinds, one generation after the other, until it is
 * killed from outside; it prints a line when the first generation is on disk.
 */
import * as fs from 'node:fs/promises';
import { endlessly, SAVERS, type SaverKind } from './savers.js';

const [kind, folder, text, step] = process.argv.slice(2);
let left = Number(step);
/** What only looks makes no difference to what is on disk. */
const LOOKING: readonly PropertyKey[] = ['readFile', 'readdir', 'stat', 'realpath'];

function dyingWhenDue<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, name) {
      const member = Reflect.get(object, name) as unknown;
      if (typeof member !== 'function' || LOOKING.includes(name)) return member;
      return async (...args: unknown[]) => {
        if (left-- === 0) process.kill(process.pid, 'SIGKILL');
        const result: unknown = await member.apply(object, args);
        return name === 'open' ? dyingWhenDue(result as object) : result;
      };
    },
  });
}

if (kind === 'endless') await endlessly(folder);
else await SAVERS[kind as SaverKind](folder, text, dyingWhenDue({ ...fs }));
