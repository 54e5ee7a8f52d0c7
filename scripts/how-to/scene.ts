/** Where a page plays: hosts, the cables between them, and what is installed. */

/** An end of a cable. */
export interface End {
  host: string;
  device: string;
  /** With its prefix length; absent: the device has none. */
  address?: string;
  /** A default route by this address, with a metric that tells several of them apart. */
  gateway?: { address: string; metric: number };
}

export interface Scene {
  /** From the root of the project. */
  page: string;
  /** Tells several scenes of one page apart. */
  variant?: string;
  /** Words that stand for something the reader fills in: what it is, or the host and script whose output it is. */
  words?: Record<string, string | { host: string; script: string }>;
  /** Hosts with a file system of their own; those of the page, and what lies between them. */
  hosts: string[];
  cables: [End, End][];
  /** Debian packages that the page takes for granted. */
  packages?: string[];
  /** What is there before the page begins, as host and shell script, in order: routers, an old tunnel. */
  before?: [string, string][];
  /** Hosts on which `octolinkd` runs as after an installation, with an empty configuration. */
  installed: string[];
}
