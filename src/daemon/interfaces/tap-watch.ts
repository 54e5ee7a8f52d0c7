/**
 * Notices what other programs do to the TAP while it is in use: nothing of it is undone, since who did it may have had a
 * reason, but it is said.
 */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { DeviceState, Native } from '../../native/binding.js';
import { lackingAddresses } from './addresses.js';
import { ifindexOf } from './ifindex.js';

/** What a TAP is to be like. */
export interface WantedTap {
  config: InterfaceConfig;
  mac: string;
}

/** Network managers change a device in several steps. */
const DEBOUNCE_MS = 200;
/** As `ip link set octo0 txqueuelen 0` makes it. */
const QUEUE_OF_ZERO =
  'the TAP has a queue of length 0, so that no frame leaves this host by it: set its txqueuelen, to 1000 for instance';

export class TapWatch {
  /** What is not as configured, one sentence each. */
  missing: readonly string[] = [];
  private wanted: WantedTap | null = null;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly native: Pick<Native, 'ifindex' | 'deviceState'>,
    /** Interface index of the TAP. */
    private readonly ifindex: number,
    /** Hears of each change. */
    private readonly said: (missing: readonly string[]) => void,
  ) {}

  /** The TAP has been made what is wanted; null: it is being changed, or is not ours to set. */
  want(wanted: WantedTap | null): void {
    this.wanted = wanted;
    if (wanted !== null) this.lookSoon();
  }

  /** An interface of the host came, went or changed, or its addresses did. */
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

  private compare(wanted: WantedTap): string[] {
    const { name } = wanted.config;
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

function differences({ isUp, mtu, mac, queueFrames, addresses }: DeviceState, wanted: WantedTap): string[] {
  const found: string[] = [];
  const { mtu: wantedMtu } = effectiveInterface(wanted.config);
  if (!isUp) found.push('the TAP was set down by another program: no frame passes it');
  if (mtu !== wantedMtu) found.push(`another program gave the TAP an MTU of ${mtu} bytes, not ${wantedMtu}`);
  if (mac !== wanted.mac)
    found.push(`another program gave the TAP the MAC address ${mac}, not ${wanted.mac}`);
  if (queueFrames === 0) found.push(QUEUE_OF_ZERO);
  for (const address of lackingAddresses(wanted.config.addresses, addresses))
    found.push(`another program took the address ${address} from the TAP`);
  return found;
}
