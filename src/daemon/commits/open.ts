/** Where the life of the configuration is kept on disk. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import type { Backend } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { Accounting } from './accounting.js';
import { Archive } from './archive.js';
import { Configurator } from './configurator.js';
import { PendingStore } from './pending-store.js';

/** A configurator that keeps its files in `stateFolder`. */
export function openConfigurator(
  backend: Backend,
  stateFolder: string,
  log: Log,
  clock: Clock = systemClock,
): Configurator {
  return new Configurator({
    backend,
    archive: new Archive(join(stateFolder, 'archive')),
    pending: new PendingStore(join(stateFolder, 'pending-commit.json')),
    accounting: new Accounting(join(stateFolder, 'accounting.log')),
    clock,
    log,
  });
}
