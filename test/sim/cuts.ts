/** The ways in which a link between two hosts dies, and how it comes back. */
import { interfaceFacts, ownAddress } from './lan.js';
import type { SimNode } from './node.js';
import type { World } from './world.js';

export type CutKind =
  | 'black hole'
  | 'one-way'
  | 'one-way back'
  | 'carrier near'
  | 'carrier far'
  | 'address removed';

export const CUT_KINDS: readonly CutKind[] = [
  'black hole',
  'one-way',
  'one-way back',
  'carrier near',
  'carrier far',
  'address removed',
];

/** Cuts network `network` between two hosts; the answer undoes it. `near` is the sender of the traffic. */
export function cut(world: World, kind: CutKind, near: SimNode, far: SimNode, network: number): () => void {
  switch (kind) {
    case 'black hole':
      return both(gate(world, near, far, network), gate(world, far, near, network));
    case 'one-way':
      return gate(world, near, far, network);
    case 'one-way back':
      return gate(world, far, near, network);
    case 'carrier near':
      return carrier(near, network);
    case 'carrier far':
      return carrier(far, network);
    case 'address removed':
      return address(near, network);
  }
}

/** Whether an end learns of the cut at once, so that no hold time has to run out. */
export function isSeenAtOnce(kind: CutKind): boolean {
  return kind === 'carrier near' || kind === 'carrier far' || kind === 'address removed';
}

function both(...undo: (() => void)[]): () => void {
  return () => {
    for (const one of undo) one();
  };
}

function gate(world: World, from: SimNode, to: SimNode, network: number): () => void {
  const wire = world.wire(from, to, network);
  wire.gate.isOpen = false;
  return () => {
    wire.gate.isOpen = true;
  };
}

function carrier(node: SimNode, network: number): () => void {
  const endpoint = node.sockets[network];
  const set = (up: boolean): void => {
    endpoint.hasCarrier = up;
    const facts = interfaceFacts(network, up);
    node.command({ kind: 'kernel', facts: [{ what: 'interface', index: endpoint.ifindex, facts }] });
  };
  set(false);
  return () => set(true);
}

function address(node: SimNode, network: number): () => void {
  const endpoint = node.sockets[network];
  const fact = { what: 'address', index: endpoint.ifindex, address: ownAddress(node, network) } as const;
  const set = (present: boolean): void => {
    endpoint.hasCarrier = present;
    node.command({ kind: 'kernel', facts: [{ ...fact, isPresent: present, isDuplicate: false }] });
  };
  set(false);
  return () => set(true);
}
