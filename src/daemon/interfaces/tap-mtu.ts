/** Whether the TAPs at both ends have one MTU, as all stations of a LAN must. */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { PeerEntry } from './peer-entries.js';
import type { RuntimeEvents } from './runtime-events.js';

/** The interface whose peers are compared. */
interface Comparing {
  readonly config: InterfaceConfig;
  readonly peers: { atRow(row: number): PeerEntry | undefined };
  emit(event: 'warning', ...told: RuntimeEvents['warning']): boolean;
}

/** Whether a peer says that its TAP has another MTU than `mtu`, in bytes. */
export function hasOtherMtu({ tapMtu }: PeerEntry, mtu: number): boolean {
  return tapMtu !== 0 && tapMtu !== mtu;
}

/** How the MTU of a peer's TAP differs from ours, in a few words; null: it does not, or the peer does not say. */
export function tapMtuDiffers(config: InterfaceConfig, peer: PeerEntry): string | null {
  const { mtu } = effectiveInterface(config);
  return hasOtherMtu(peer, mtu) ? `MTU ${mtu} here, ${peer.tapMtu} there` : null;
}

/** The peer in a row says that its TAP has this MTU, in bytes; 0: it no longer says. A difference is an event. */
export function tapMtuHeard(runtime: Comparing, row: number, mtu: number): void {
  const peer = runtime.peers.atRow(row);
  if (peer === undefined) return;
  peer.tapMtu = mtu;
  const differing = tapMtuDiffers(runtime.config, peer);
  if (differing !== null) runtime.emit('warning', peer, 'mtu-differs', differing);
}
