/**
 * What each connection has done to the configuration that runs, line by line, since it began or last confirmed. Should
 * it ask for a guard only afterwards, this is what is undone.
 */

import type { Config } from '../../api/config.js';
import type { Who } from '../../api/index.js';
import { mergeConfigs } from '../../config/merge.js';

interface Sitting {
  before: Config;
  after: Config;
}

export class Sittings {
  /** By number of the connection. */
  private readonly sittings = new Map<number, Sitting>();

  begin({ session }: Who, running: Config): void {
    if (session !== null) this.sittings.set(session, { before: running, after: running });
  }

  end({ session }: Who): void {
    if (session !== null) this.sittings.delete(session);
  }

  has({ session }: Who): boolean {
    return session !== null && this.sittings.has(session);
  }

  /** The connection has changed one configuration into the other. */
  changed({ session }: Who, before: Config, after: Config): void {
    if (session === null) return;
    this.sittings.set(session, { before: this.sittings.get(session)?.before ?? before, after });
  }

  /** What would run had the connection changed nothing. */
  undone({ session }: Who, running: Config): Config {
    const sitting = session === null ? undefined : this.sittings.get(session);
    return sitting === undefined ? running : mergeConfigs(sitting.after, sitting.before, running).config;
  }
}
