/** What a program says of its own version, from the package.json beside it. */

/** Facts of a build, as packages carry them; a tree that was built in place has none. */
export interface BuildFacts {
  /** The commit, 40 hex digits, with "-dirty" when it was built with changes. */
  commit: string;
  /** Day of the commit, `YYYY-MM-DD`. */
  date: string;
  /** What it was packed as and for: `deb amd64`. */
  package: string;
}

/** The part of a package.json that tells versions. */
export interface Manifest {
  version: string;
  build?: BuildFacts;
}

/** `octolink 0.1.0 (deb amd64, commit 0123456789ab of 2026-11-28, Node 24.21.0)`. */
export function versionLine(program: string, { version, build }: Manifest, node: string): string {
  const origin =
    build === undefined
      ? 'built from source'
      : `${build.package}, commit ${shortCommit(build.commit)} of ${build.date}`;
  return `${program} ${version} (${origin}, Node ${node})`;
}

function shortCommit(commit: string): string {
  const [hash, ...marks] = commit.split('-');
  return [hash.slice(0, 12), ...marks].join('-');
}
