/** How many stations may be learned behind a peer, where the operator says so. */
import { Columns, int32 } from '../base/columns.js';

export class PortLimits {
  /** By peer row; 0: any number. */
  private most = int32();
  private readonly columns = new Columns(this, 'peers');
  private count = 0;

  /** Whether any peer is limited. */
  get isOn(): boolean {
    return this.count > 0;
  }

  /** `most` 0: any number. */
  set(peer: number, most: number): void {
    if (most === this.of(peer)) return;
    this.columns.ensure(peer + 1);
    this.count += Number(most > 0) - Number(this.most[peer] > 0);
    this.most[peer] = most;
  }

  /** Limited peers are those below this. */
  get end(): number {
    return this.isOn ? this.columns.capacity : 0;
  }

  /** 0: any number. */
  of(port: number): number {
    return port >= 0 && port < this.columns.capacity ? this.most[port] : 0;
  }
}
