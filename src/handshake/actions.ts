/** What the handshaker asks its owner to do. Actions are carried out in order. */
import type { PathRef } from '../contract/events.js';
import type { Client } from './client.js';

/** A session's parameters, as the other end announced them. */
export interface RemoteTraits {
  readonly capabilities: number;
  /** Streams the other end sends on each link. */
  readonly workers: number;
}

/** Send these bytes to where a datagram came from. */
interface SendAction {
  readonly kind: 'send';
  readonly path: PathRef;
  readonly bytes: Uint8Array;
}

/** Send these bytes once on every link of the peer. */
interface SendToPeerAction {
  readonly kind: 'send-to-peer';
  readonly peer: number;
  readonly bytes: Uint8Array;
}

/** Install a session for receiving. Sending waits for `use-session`. */
export interface InstallSessionAction {
  readonly kind: 'install-session';
  readonly peer: number;
  /** Receiver index in the datagrams that come in. */
  readonly localIndex: number;
  /** Receiver index to write into the datagrams that go out. */
  readonly remoteIndex: number;
  /** 32 bytes each. Whoever carries out the action wipes both once they are installed. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** An `AEAD` number. */
  readonly aead: number;
  /** Datapath version agreed. */
  readonly version: number;
  readonly role: 'initiator' | 'responder';
  readonly remote: RemoteTraits;
}

/**
 * Seal everything for the peer under this session from now on. The initiator of a session also sends something under
 * it at once (a heartbeat): that is what confirms it to the other end.
 */
interface UseSessionAction {
  readonly kind: 'use-session';
  readonly peer: number;
  readonly localIndex: number;
}

/** There is no session left to send under. */
interface StopSendingAction {
  readonly kind: 'stop-sending';
  readonly peer: number;
}

export type RetireReason = 'succeeded' | 'expired' | 'unconfirmed' | 'goodbye' | 'restarted' | 'peer-removed';

/** Forget the session and wipe its keys. */
interface RetireSessionAction {
  readonly kind: 'retire-session';
  readonly peer: number;
  readonly localIndex: number;
  readonly reason: RetireReason;
}

/** A client comes: make room for it under this number. Its session follows. */
interface AdmitClientAction {
  readonly kind: 'admit-client';
  readonly peer: number;
  readonly client: Client;
}

/** A client has gone, and all its sessions: its number and its room are free. */
interface ReleaseClientAction {
  readonly kind: 'release-client';
  readonly peer: number;
}

/** Something about a peer that its operator should know. */
export type NoticeAction = { readonly kind: 'notice'; readonly peer: number } & (
  | {
      /** An authentic initiation was refused: it is older than the last one accepted. */
      readonly what: 'old-timestamp';
      readonly path: PathRef;
      readonly behindUs: number;
    }
  | {
      /** Two hosts seem to use the peer's key in turn. */
      readonly what: 'key-on-two-hosts';
      readonly paths: readonly [PathRef, PathRef];
    }
);

export type Action =
  | SendAction
  | SendToPeerAction
  | InstallSessionAction
  | UseSessionAction
  | StopSendingAction
  | RetireSessionAction
  | AdmitClientAction
  | ReleaseClientAction
  | NoticeAction;
