/** The machines that packages are made for, and the Node runtime that goes with each. */

export const ARCHITECTURES = ['amd64', 'arm64'] as const;

/** By Debian's name. */
export type Architecture = (typeof ARCHITECTURES)[number];

export interface Target {
  debian: Architecture;
  /** Node's name: `process.arch`. */
  node: 'x64' | 'arm64';
  /** Prefix of the tools that make and read its binaries. */
  tools: string;
}

const TRIPLETS: Record<Architecture, string> = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const NODE_NAMES: Record<Architecture, Target['node']> = { amd64: 'x64', arm64: 'arm64' };

export function targetOf(debian: Architecture): Target {
  return { debian, node: NODE_NAMES[debian], tools: `${TRIPLETS[debian]}-` };
}

/** A version of Node, and what npm's tarballs `node-linux-…` of it must hash to (Subresource Integrity). */
export interface NodeRelease {
  version: string;
  integrity: Partial<Record<Target['node'], string>>;
}

/** The one that packages carry: the newest of the line 24 that npm has for every architecture. */
export const RUNTIME: NodeRelease = {
  version: '24.21.0',
  integrity: {
    x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** The oldest C library that packages run with: Debian 12, Ubuntu 22.04, RHEL 9. */
export const GLIBC_FLOOR: readonly [number, number] = [2, 34];
