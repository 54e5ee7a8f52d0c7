/**
 * TAP devices that outlive a daemon: the service manager, or a daemon that hands over, holds their descriptors open. So
 * the device keeps its index, addresses, carrier and place in a bridge.
 */
import { createHash } from 'node:crypto';
import type { InterfaceConfig } from '../../api/config.js';
import { MAX_WORKERS } from '../../config/defaults.js';
import type { Native } from '../../native/binding.js';
import type { ServiceManager } from '../base/service-manager.js';
import { Tap } from './tap.js';

export class TapStore {
  /** Devices that came from before and are not in use, by name: descriptors of their queues. */
  private readonly left = new Map<string, number[]>();
  /** Names of the devices that the service manager keeps. */
  private readonly kept = new Set<string>();

  /** The order of `descriptors` means nothing: the kernel is asked whose they are. */
  constructor(
    private readonly native: Native,
    private readonly manager: ServiceManager,
    descriptors: readonly number[],
  ) {
    for (const fd of descriptors) {
      const name = native.tapName(fd);
      const queues = name === null ? undefined : this.left.get(name);
      if (name === null || queues?.length === MAX_WORKERS) this.discard(fd);
      else if (queues !== undefined) queues.push(fd);
      else this.left.set(name, [fd]);
    }
  }

  /** The TAP that an earlier daemon has left for an interface; null: there is none. Throws a plain sentence. */
  adopt(config: InterfaceConfig): Tap | null {
    const queues = this.left.get(config.name);
    if (queues === undefined) return null;
    this.left.delete(config.name);
    return Tap.adopt(this.native, config, queues);
  }

  /** Has the service manager hold the queues of a TAP that is in use. */
  keep(name: string, fds: readonly number[]): void {
    if (this.kept.has(name)) this.forget(name);
    this.kept.add(name);
    this.manager.tell(['FDSTORE=1', `FDNAME=${descriptorName(name)}`], fds);
  }

  /** The device is to go when this daemon lets go of it. */
  forget(name: string): void {
    this.kept.delete(name);
    this.manager.tell(['FDSTOREREMOVE=1', `FDNAME=${descriptorName(name)}`]);
  }

  /** Lets go of what no interface of the configuration has taken. */
  closeRest(): void {
    for (const [name, fds] of this.left) {
      this.forget(name);
      for (const fd of fds) this.discard(fd);
    }
    this.left.clear();
  }

  private discard(fd: number): void {
    try {
      this.native.close(fd);
    } catch {
      // What was announced was not there.
    }
  }
}

/** The manager allows no ":" and no control characters in the name of a descriptor; interfaces may have them. */
function descriptorName(name: string): string {
  if (/^[A-Za-z0-9_.-]+$/.test(name)) return `tap-${name}`;
  return `tap-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
