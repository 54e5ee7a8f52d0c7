/** Parts that keep something for rows of tables. They are told when a row goes, so that its next holder starts afresh. */
export interface RowOwner {
  linkRemoved?(link: number): void;
  peerRemoved?(peer: number): void;
  /** The session of a slot has ended, or another takes its place. */
  sessionRetired?(slot: number): void;
}
