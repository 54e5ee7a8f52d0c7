/** The quick ones of the forty tasks, typed at a real terminal: what `npm run tasks` writes of them stays true. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { namespacesOf } from '../../scripts/lab/namespaces.js';
import { tmuxProblem } from '../../scripts/lab/tmux.js';
import { TaskBed } from '../../scripts/tasks/bed.js';
import { TASKS } from '../../scripts/tasks/tasks.js';
import { labProblem, needsLab } from './support.js';

const SIZE = { columns: 80, rows: 24 };
const problem = labProblem ?? tmuxProblem;

describe('the tasks of an engineer', () => {
  let lab: Lab;
  let bed: TaskBed;

  beforeAll(async () => {
    if (problem !== undefined) return;
    lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
    bed = await TaskBed.start(lab);
  });

  afterAll(async () => {
    if (problem !== undefined) return;
    await lab.remove();
    expect(namespacesOf(process.pid)).toEqual([]);
  });

  it('are forty, each with a title of its own, and none is worse than on a router', () => {
    expect(new Set(TASKS.map(({ title }) => title)).size).toBe(40);
    expect(TASKS.filter(({ verdict }) => verdict === 'worse')).toEqual([]);
  });

  for (const task of TASKS.filter(({ isQuick }) => isQuick)) {
    it(task.title, async (context) => {
      needsLab(context);
      if (tmuxProblem !== undefined) context.skip(tmuxProblem);
      await bed.perform(task, SIZE);
    });
  }
});
