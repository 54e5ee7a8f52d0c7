/** `node saver.js FILE TEXT STEP`: saves TEXT, but is killed before the file operation number STEP. */
import * as fs from 'node:fs/promises';
import { ConfigStore } from '../../src/daemon/config-store.js';

const [file, text, step] = process.argv.slice(2);
let left = Number(step);

function dyingWhenDue<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, name) {
      const member = Reflect.get(object, name) as unknown;
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        if (left-- === 0) process.kill(process.pid, 'SIGKILL');
        const result: unknown = await member.apply(object, args);
        return name === 'open' ? dyingWhenDue(result as object) : result;
      };
    },
  });
}

await new ConfigStore(file, dyingWhenDue({ ...fs })).save(text);
