/** What was dropped, as text: a line for each reason, what it means, and the last example. */
import type { DropCounter, DropExample } from '../../api/index.js';
import { duration, orDash, plural } from './format.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

const DROP_COLUMNS: Column<DropCounter>[] = [
  { title: 'Reason', cell: (drop) => drop.reason, shrinkTo: 20 },
  { title: 'Count', cell: (drop) => String(drop.count), align: 'right' },
  { title: '/s', cell: ({ perSecond }) => (perSecond === null ? '-' : perSecond.toFixed(1)), align: 'right' },
  { title: 'Last seen', cell: (drop) => duration(drop.lastSecondsAgo), align: 'right' },
  { title: 'Matters', cell: (drop) => (drop.normal ? 'no' : 'yes') },
  { title: 'Last from', cell: dropSource, shrinkTo: 9 },
];

/** `osaka link 0`, `osaka` or the address of a stranger. */
function dropSource({ peer, from, example }: DropCounter): string {
  const link = example?.peer === peer ? (example?.link ?? null) : null;
  return peer === null ? orDash(from) : link === null ? peer : `${peer} link ${link}`;
}

/** The reasons that matter first, the meaning of each below. */
export function dropsText(drops: DropCounter[]): string[] {
  const inOrder = [...drops].sort((a, b) => Number(a.normal) - Number(b.normal));
  const severalInterfaces = new Set(drops.map((drop) => drop.interface)).size > 1;
  const ofInterface: Column<DropCounter> = { title: 'Interface', cell: (drop) => drop.interface };
  const meanings = [...new Map(inOrder.map(({ reason, help }) => [reason, help]))];
  const examples = inOrder.flatMap(({ interface: name, reason, example }) =>
    example === null ? [] : foldLine(`  ${name} ${reason}, ${exampleText(example)}`, TEXT_WIDTH),
  );
  return [
    ...table(
      severalInterfaces ? [ofInterface, ...DROP_COLUMNS] : DROP_COLUMNS,
      inOrder,
      'Nothing was dropped.',
    ),
    ...(drops.length === 0 ? [] : ['']),
    ...meanings.flatMap(([reason, help]) => foldLine(`${reason}: ${help}`, TEXT_WIDTH)),
    ...(examples.length === 0 ? [] : ['', 'Last of each:', ...examples]),
  ];
}

/** `2.5 s ago, from peer osaka link 0 (192.0.2.1:7700): HEARTBEAT message, 61 bytes`. */
function exampleText({ secondsAgo, peer, link, direction, from, text, length }: DropExample): string {
  const way = direction === 'out' ? 'to' : 'from';
  const whose = peer === null ? (from === null ? '' : `, from ${from}`) : `, ${way} peer ${peer}`;
  const by = link === null ? '' : ` link ${link}`;
  const address = peer === null || from === null ? '' : ` (${from})`;
  return `${duration(secondsAgo)} ago${whose}${by}${address}: ${text === null ? '' : `${text}, `}${plural(length, 'byte')}`;
}
