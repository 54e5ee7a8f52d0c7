/**
 * Notices what other programs do to the TAP while it is in use: nothing of it is undone, since who did it may have had a
 * reason, but it is said.
 */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { DeviceState, Native } from '../../native/binding.js';
import { lackingAddresses } from './addresses.js';
import { ifindexOf } from './ifindex.js';

/** Network managers change a device in several steps. */
const DEBOUNCE_MS = 200;

export class TapWatch {
  /** What is not as configured, one sentence each. */
  missing: readonly string[] = [];
  private wanted: InterfaceConfig | null = null;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly native: Pick<Native, 'ifindex' | 'deviceState'>,
    /** Interface index of the TAP. */
    private readonly ifindex: number,
    /** Hears of each change. */
    private readonly said: (missing: readonly string[]) => void,
  ) {}

  /** The TAP has been made what this configuration wants; null: it is being changed, or is not ours to set. */
  want(wanted: InterfaceConfig | null): void {
    this.wanted = wanted;
    if (wanted !== null) this.lookSoon();
  }

  /** An interface of the host came, went or changed. */
  interfaceChanged(ifindex: number): void {
    if (ifindex === this.ifindex) this.lookSoon();
  }

  close(): void {
    clearTimeout(this.soon);
    this.wanted = null;
  }

  private lookSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.look();
    }, DEBOUNCE_MS);
  }

  private look(): void {
    if (this.wanted === null) return;
    const missing = this.compare(this.wanted);
    if (missing.join() === this.missing.join()) return;
    this.missing = missing;
    this.said(missing);
  }

  private compare(wanted: InterfaceConfig): string[] {
    const { name } = wanted;
    if (ifindexOf(this.native, name) !== this.ifindex) {
      return [`the TAP was renamed, deleted or moved to another network namespace: ${name} is not it`];
    }
    try {
      return differences(this.native.deviceState(name), wanted);
    } catch {
      // It went just now, which is told by itself.
      return [];
    }
  }
}

function differences({ isUp, mtu, addresses }: DeviceState, wanted: InterfaceConfig): string[] {
  const found: string[] = [];
  const { mtu: wantedMtu } = effectiveInterface(wanted);
  if (!isUp) found.push('the TAP was set down by another program: no frame passes it');
  if (mtu !== wantedMtu) found.push(`another program gave the TAP an MTU of ${mtu} bytes, not ${wantedMtu}`);
  for (const address of lackingAddresses(wanted.addresses, addresses))
    found.push(`another program took the address ${address} from the TAP`);
  return found;
}
