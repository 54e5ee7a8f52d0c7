/** Whether the TAPs at both ends have one MTU, as all stations of a LAN must. */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { PeerEntry } from './peer-entries.js';

/** How the MTU of a peer's TAP differs from ours, in a few words; null: it does not, or the peer does not say. */
export function tapMtuDiffers(config: InterfaceConfig, { tapMtu }: PeerEntry): string | null {
  const { mtu } = effectiveInterface(config);
  return tapMtu === 0 || tapMtu === mtu ? null : `MTU ${mtu} here, ${tapMtu} there`;
}
