/** Changes of the configuration: one at a time, checked, applied whole or not at all. */
import { type ConfigApplyParams, type ConfigApplyResult, type ConfigWriteResult, ERROR } from '../../api.js';
import { editConfig, emptyConfig } from '../../config/edit.js';
import { renderConfig } from '../../config/render.js';
import { validateConfig } from '../../config/validate.js';
import { type Backend, ProblemsError, RequestError } from './backend.js';

export class Configurator {
  readonly #backend: Backend;
  /** Settles when the last change that was asked for has ended. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  apply(params: ConfigApplyParams): Promise<ConfigApplyResult> {
    return this.#inTurn(() => this.#apply(params));
  }

  /** Saves what runs. */
  write(): Promise<ConfigWriteResult> {
    return this.#inTurn(async () => {
      const text = renderConfig(this.#backend.runningConfig());
      const { file } = await this.#backend.writeConfig(text);
      return { file, bytes: Buffer.byteLength(text) };
    });
  }

  async #apply({ context, lines, mode, checkOnly }: ConfigApplyParams): Promise<ConfigApplyResult> {
    if (mode === 'replace' && context.length > 0) {
      throw new RequestError('a whole configuration has no context', ERROR.INVALID_PARAMS);
    }
    const running = this.#backend.runningConfig();
    const edit = editConfig(mode === 'replace' ? emptyConfig() : running, context, lines);
    if (edit.syntax.length > 0) throw new ProblemsError(ERROR.SYNTAX, edit.syntax);
    if (edit.contradictions.length > 0) throw new ProblemsError(ERROR.BAD_CONFIG, edit.contradictions);
    const changed = renderConfig(edit.config) !== renderConfig(running);
    if (changed && !checkOnly) await this.#backend.applyConfig(edit.config);
    const known = new Set(validateConfig(running).map(({ message }) => message));
    // What these lines did not touch and was so before is not news.
    const warnings = edit.warnings.filter(({ line, message }) => line > 0 || !known.has(message));
    return { changed, context: edit.context, warnings };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
