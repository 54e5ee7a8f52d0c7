/** What can be seen of the configuration's life, without changing it. */
import type {
  AccountingRecord,
  ArchivedConfig,
  ArchiveEntry,
  ComparedWith,
  Comparison,
  NamedCandidate,
  RunningConfig,
  Who,
} from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import { type EditResult, editConfig, parseConfig } from '../../config/edit.js';
import { renderConfig } from '../../config/render.js';
import { type Backend, RequestError } from '../base/errors.js';
import type { Accounting } from './accounting.js';
import type { Archive } from './archive.js';
import { checked } from './checked.js';
import type { Drafts } from './editing.js';
import type { Startup } from './startup.js';

export class Views {
  constructor(
    private readonly backend: Backend,
    private readonly drafts: Drafts,
    private readonly startup: Startup,
    private readonly archive: Archive,
    private readonly accounting: Accounting,
  ) {}

  /** The candidate of the connection, or what runs. */
  candidate(who: Who): RunningConfig {
    const config = this.drafts.of(who)?.candidate ?? this.backend.runningConfig();
    return { text: renderConfig(config), config };
  }

  async compare(who: Who, what: ComparedWith | undefined): Promise<Comparison> {
    const draft = this.drafts.of(who);
    const running = this.backend.runningConfig();
    const other = what ?? (draft === null ? 'startup' : 'running');
    const from =
      other === 'running'
        ? running
        : (await (other === 'startup' ? this.startup.read() : this.readArchived(other))).config;
    const { lines, added, removed } = diffConfigs(from, draft?.candidate ?? running);
    return {
      from: typeof other === 'number' ? `rollback ${other}` : other,
      to: draft === null ? 'running' : 'candidate',
      changed: lines.length > 0,
      linesAdded: added,
      linesRemoved: removed,
      lines,
    };
  }

  archived(): ArchiveEntry[] {
    return this.archive.list();
  }

  async archivedText(number: number): Promise<ArchivedConfig> {
    const entry = await this.archive.get(number).catch((error: Error) => {
      throw new RequestError(`rollback ${number} cannot be read: ${error.message}`);
    });
    if (entry === null) throw new RequestError(`rollback ${number} not found`);
    return entry;
  }

  /** An entry as a configuration; number 0 is what runs, be it archived or not. */
  async readArchived(number: number): Promise<EditResult> {
    const running = this.backend.runningConfig();
    if (number === 0) return { ...editConfig(running, [], []), config: running };
    return checked(parseConfig((await this.archivedText(number)).text));
  }

  sessions(): NamedCandidate[] {
    return this.drafts.named();
  }

  /** The newest last. */
  records(last: number | undefined): AccountingRecord[] {
    return this.accounting.list(last);
  }
}
