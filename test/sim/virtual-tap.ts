/** The TAP of a simulated node: keeps what was written to it, each frame checked as strictly as a kernel could. */

import { checkVirtio, VIRTIO_CHECK } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { HeaderInfo } from '../../src/switch/headers.js';

const EINVAL = -22;

export class VirtualTap {
  /** Called with every frame that passes the check. */
  listener: (record: Uint8Array, now: number) => void = (record) => this.records.push(record);
  /** Frames with their virtio headers, unless a listener takes them. */
  readonly records: Uint8Array[] = [];
  /** Frames that a kernel might have refused. */
  readonly refused: { record: Uint8Array; check: number }[] = [];
  private readonly info = new HeaderInfo();

  write(record: Uint8Array, now: number): number {
    const check = checkVirtio(record, 0, record.length - VNET_HEADER, this.info);
    if (check !== VIRTIO_CHECK.OK) {
      this.refused.push({ record, check });
      return EINVAL;
    }
    this.listener(record, now);
    return 0;
  }

  /** Takes what was written since the last call. */
  take(): Uint8Array[] {
    return this.records.splice(0);
  }
}
