/** The startup configuration: saving to it, and going back to it. */
import type { ConfigWriteResult, Who } from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import { type EditResult, parseConfig } from '../../config/edit.js';
import type { Config } from '../../config/model.js';
import { renderConfig } from '../../config/render.js';
import { type Backend, RequestError } from '../base/errors.js';
import { checked } from './checked.js';
import type { Guard } from './guard.js';
import type { Transactions } from './transactions.js';

export class Startup {
  /** As last read or written. */
  private saved: Config;
  /** Whether what runs differs from it; kept, for prompts ask often. */
  private unsaved: { running: Config; saved: Config; answer: boolean };

  constructor(
    private readonly backend: Backend,
    private readonly guard: Guard,
    private readonly transactions: Transactions,
  ) {
    this.saved = backend.runningConfig();
    this.unsaved = { running: this.saved, saved: this.saved, answer: false };
  }

  /** The daemon was started with this. */
  begin(saved: Config): void {
    this.saved = saved;
  }

  isUnsaved(): boolean {
    const running = this.backend.runningConfig();
    const known = this.unsaved;
    if (known.running === running && known.saved === this.saved) return known.answer;
    const answer = diffConfigs(this.saved, running).lines.length > 0;
    this.unsaved = { running, saved: this.saved, answer };
    return answer;
  }

  /** Throws when there is none, or it is wrong. */
  async read(): Promise<EditResult> {
    const { file, text } = await this.backend.startupConfig();
    if (text === null) throw new RequestError(`there is no startup configuration ${file}`);
    return checked(parseConfig(text));
  }

  /** Saves what runs. What may still be undone is not saved: it would survive what undoes it. */
  async write(who: Who): Promise<ConfigWriteResult> {
    if (this.guard.active) {
      throw new RequestError('a commit awaits confirmation and may be undone yet: confirm it, then save');
    }
    const running = this.backend.runningConfig();
    const text = renderConfig(running);
    const { file } = await this.backend.writeConfig(text);
    this.saved = running;
    this.backend.publish({ kind: 'config', by: who.user, what: 'written' });
    return { file, bytes: Buffer.byteLength(text) };
  }

  /** Puts it in force. `force`: whatever lock or unconfirmed commit stands in the way. */
  async reload(who: Who, next: Config, force: boolean): Promise<void> {
    await this.transactions.enforce({ who, next, origin: 'reload', force });
    await this.guard.disarm();
    this.saved = next;
  }
}
