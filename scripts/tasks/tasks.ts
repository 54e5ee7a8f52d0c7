/** All tasks, in the order of the page. */
import { CHANGING } from './changing.js';
import { OPERATING } from './operating.js';
import { SEEING } from './seeing.js';
import type { Task } from './task.js';
import { TYPING } from './typing.js';

export const TASKS: readonly Task[] = [...SEEING, ...TYPING, ...CHANGING, ...OPERATING];
