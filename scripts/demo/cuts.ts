/** Which links are cut, by what means, and how each is restored. */
import { CLEAN } from '../lab/impair.js';
import type { Lab } from '../lab/lab.js';

export type CutKind = 'near-end down' | 'far-end down' | 'black hole';

export interface Cut {
  /** Link id; its underlay is one higher. */
  link: number;
  kind: CutKind;
}

/** The pair whose links are cut: the ping runs from the near end to the far end. */
export const NEAR = 1;
export const FAR = 2;

const ROTATION: CutKind[] = ['near-end down', 'far-end down', 'black hole'];

/** All links but the last, the one in use first, by each kind in turn. */
export function planCuts(links: number): Cut[] {
  return Array.from({ length: links - 1 }, (_, link) => ({ link, kind: ROTATION[link % ROTATION.length] }));
}

/** What a cut does, in words. */
export function describeCut(cut: Cut): string {
  if (cut.kind === 'near-end down') return `interface down at h${NEAR}`;
  if (cut.kind === 'far-end down') return `interface down at h${FAR}`;
  return 'black hole in the middle';
}

/** Cuts a link; the underlay goes for every host on that side, not for one pair only. */
export async function apply(lab: Lab, cut: Cut): Promise<void> {
  const underlay = cut.link + 1;
  if (cut.kind === 'near-end down') await lab.setDevice(NEAR, underlay, 'down');
  else if (cut.kind === 'far-end down') await lab.setDevice(FAR, underlay, 'down');
  else await lab.impair(underlay, { ...CLEAN, blackHole: true });
}

/** Undoes a cut. */
export async function restore(lab: Lab, cut: Cut): Promise<void> {
  const underlay = cut.link + 1;
  if (cut.kind === 'near-end down') await lab.setDevice(NEAR, underlay, 'up');
  else if (cut.kind === 'far-end down') await lab.setDevice(FAR, underlay, 'up');
  else await lab.impair(underlay, CLEAN);
}
