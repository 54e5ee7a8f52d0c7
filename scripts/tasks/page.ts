/** The pages of `docs/tasks/`: the table of all tasks, and what each showed. */
import type { Task } from './task.js';

export interface Typed {
  task: Task;
  screen: readonly string[];
}

/** Size of the page that has the table. */
const TABLE_SIZE = '80x24';

/** A page for one size of the screen, such as `80x24`. */
export function pageOf(size: string, typed: readonly Typed[]): string {
  const isFirst = size === TABLE_SIZE;
  const verdicts = (['better', 'same', 'worse'] as const).map(
    (verdict) => `${typed.filter(({ task }) => task.verdict === verdict).length} ${verdict}`,
  );
  return [
    `# Forty tasks at ${size}`,
    '',
    'What an engineer of routers does every day, typed at tokyo, whose peer is osaka. Made by `npm run tasks`, which types',
    'each task into a real terminal and fails if one no longer works. Beside it stands what is typed on Cisco IOS, FRR, VyOS',
    `and Junos; the verdict compares with the best of them: ${verdicts.join(', ')}.`,
    '',
    ...(isFirst
      ? [
          '| | task | IOS | FRR | VyOS | Junos | here |',
          '| --- | --- | --- | --- | --- | --- | --- |',
          ...typed.map(({ task }, index) => rowOf(task, index + 1)),
        ]
      : [`The table is on the page of [${TABLE_SIZE}](${TABLE_SIZE}.md).`]),
    '',
    ...typed.flatMap(({ task, screen }, index) => [
      `## ${index + 1}. ${task.title}`,
      '',
      '```',
      ...screen.map((line) => line.replace(/[\w+/]{43}=/g, 'Qyw3…key…=')),
      '```',
      '',
    ]),
  ].join('\n');
}

function rowOf({ title, routers, verdict, why }: Task, number: number): string {
  const cells = routers.map((typed) => (typed === '-' ? '–' : `\`${typed.replaceAll('|', '\\|')}\``));
  return `| ${number} | ${title} | ${cells.join(' | ')} | **${verdict}**${why === '' ? '' : `: ${why}`} |`;
}
