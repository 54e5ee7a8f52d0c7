/** Parts that keep something for rows of tables. Each hears when a row goes, so that the next holder of the row starts from nothing. */
export interface RowOwner {
  linkRemoved?(link: number): void;
  peerRemoved?(peer: number): void;
  /** The session of a slot has ended, or another takes its place. */
  sessionRetired?(slot: number): void;
}
