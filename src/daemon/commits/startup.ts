/** The startup configuration: saving to it, and going back to it, at once or at a set time. */
import type { Config } from '../../api/config.js';
import type { ConfigWriteResult, ReloadStatus, StartupConfig, Who } from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import { type EditResult, emptyConfig, parseConfig } from '../../config/edit.js';
import { renderConfig } from '../../config/render.js';
import type { Clock } from '../base/clock.js';
import type { EventLog } from '../base/event-log.js';
import { checked, RequestError } from '../base/request-errors.js';
import type { Guard } from './guard.js';
import type { StartupFile } from './startup-file.js';
import type { ConfigurationHost, Transactions } from './transactions.js';

interface StartupOptions {
  host: ConfigurationHost;
  file: Pick<StartupFile, 'file' | 'load' | 'save'>;
  events: EventLog;
  guard: Guard;
  transactions: Transactions;
}

export class Startup {
  /** As last read or written. */
  private saved: Config;
  /** The last answer of `isUnsaved`, cached because prompts ask often. */
  private unsaved: { running: Config; saved: Config; answer: boolean };

  constructor(private readonly options: StartupOptions) {
    this.saved = options.host.runningConfig();
    this.unsaved = { running: this.saved, saved: this.saved, answer: false };
  }

  /** Notes what the daemon was started with. */
  begin(saved: Config): void {
    this.saved = saved;
  }

  /** Whether the running configuration differs from the startup configuration. */
  isUnsaved(): boolean {
    const running = this.options.host.runningConfig();
    const known = this.unsaved;
    if (known.running === running && known.saved === this.saved) return known.answer;
    const answer = diffConfigs(this.saved, running).lines.length > 0;
    this.unsaved = { running, saved: this.saved, answer };
    return answer;
  }

  /** The file as it stands, secrets included. */
  async text(): Promise<StartupConfig> {
    const { file } = this.options;
    try {
      return { file: file.file, text: await file.load() };
    } catch (error) {
      throw new RequestError(`cannot read the startup configuration: ${(error as Error).message}`);
    }
  }

  /** Throws when there is no startup configuration, or when it has errors. */
  async read(): Promise<EditResult> {
    const { file, text } = await this.text();
    if (text === null) throw new RequestError(`there is no startup configuration ${file}`);
    return checked(parseConfig(text));
  }

  /** Saves the running configuration. An unconfirmed commit is not saved, or its rollback would not last. */
  async write(who: Who): Promise<ConfigWriteResult> {
    const { host, events, guard } = this.options;
    if (guard.active) {
      throw new RequestError('a commit still awaits confirmation: confirm it, then save');
    }
    const result = await this.save(host.runningConfig());
    events.publish({ kind: 'config', by: who.user, what: 'written' });
    return result;
  }

  /** Saves an empty configuration: without a file the daemon would not start. */
  async erase(who: Who): Promise<ConfigWriteResult> {
    const result = await this.save(emptyConfig());
    this.options.events.publish({ kind: 'config', by: who.user, what: 'erased' });
    return result;
  }

  private async save(config: Config): Promise<ConfigWriteResult> {
    const { file } = this.options;
    const text = renderConfig(config);
    const isOfOthers = await this.isOfOthers();
    let previous: string;
    try {
      previous = await file.save(text);
    } catch (error) {
      throw new RequestError(`the configuration is not saved: ${(error as Error).message}`);
    }
    this.saved = config;
    return { file: file.file, bytes: Buffer.byteLength(text), othersKeptAs: isOfOthers ? previous : null };
  }

  /** Whether the file says something else than when it was last read or written here. */
  private async isOfOthers(): Promise<boolean> {
    const text = await this.options.file.load().catch(() => '');
    if (text === null) return false;
    const { config, syntax, contradictions } = parseConfig(text);
    return syntax.length + contradictions.length > 0 || diffConfigs(this.saved, config).lines.length > 0;
  }

  /** Makes it the running configuration. `force` overrides a lock or an unconfirmed commit. */
  async reload(who: Who, next: Config, force: boolean): Promise<void> {
    const { guard, host, transactions } = this.options;
    const { lines } = await transactions.enforce({ who, next, origin: 'reload', force });
    // Files that it names may have changed although it has not.
    if (lines.length === 0) await host.applyConfig(next);
    await guard.disarm();
    this.saved = next;
  }
}

/** A reload that was scheduled for later. */
export class ReloadTimer {
  private scheduled: { by: Who; atMs: number; cancel: () => void } | null = null;

  constructor(private readonly clock: Clock) {}

  /** Replaces a reload that was scheduled before. */
  schedule(by: Who, minutes: number, due: () => void): void {
    this.cancel();
    const ms = minutes * 60_000;
    const cancel = this.clock.after(ms, () => {
      this.scheduled = null;
      due();
    });
    this.scheduled = { by, atMs: this.clock.now() + ms, cancel };
  }

  /** Returns whether a reload was scheduled. */
  cancel(): boolean {
    const scheduled = this.scheduled;
    scheduled?.cancel();
    this.scheduled = null;
    return scheduled !== null;
  }

  status(): ReloadStatus | null {
    if (this.scheduled === null) return null;
    const { by, atMs } = this.scheduled;
    return { by, atMs, secondsLeft: Math.max(0, (atMs - this.clock.now()) / 1000) };
  }
}
