/** What can be asked about candidates, archive and accounting without changing anything. */
import type {
  AccountingRecord,
  ArchivedConfig,
  ArchiveEntry,
  ComparedWith,
  Comparison,
  NamedCandidate,
  RunningConfig,
  StartupConfig,
  Who,
} from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import { type EditResult, editConfig, parseConfig } from '../../config/edit.js';
import { renderConfig } from '../../config/render.js';
import { withoutSecrets } from '../../config/secrets.js';
import { checked, RequestError } from '../base/request-errors.js';
import type { Accounting } from './accounting.js';
import type { Archive } from './archive.js';
import type { Candidates } from './candidates.js';
import type { Startup } from './startup.js';
import type { ConfigurationHost } from './transactions.js';

export class Views {
  constructor(
    private readonly host: ConfigurationHost,
    private readonly candidates: Candidates,
    private readonly startup: Startup,
    private readonly archive: Archive,
    private readonly accounting: Accounting,
  ) {}

  running(): RunningConfig {
    const config = this.host.runningConfig();
    return { text: renderConfig(config), config };
  }

  /** The startup file, without keys that somebody wrote into it. */
  async startupFile(): Promise<StartupConfig> {
    const { file, text } = await this.startup.text();
    return { file, text: text === null ? null : withoutSecrets(text) };
  }

  /** The candidate of the connection, or what runs. */
  candidate(who: Who): RunningConfig {
    const config = this.candidates.of(who)?.config ?? this.host.runningConfig();
    return { text: renderConfig(config), config };
  }

  async compare(who: Who, what: ComparedWith | undefined): Promise<Comparison> {
    const candidate = this.candidates.of(who);
    const running = this.host.runningConfig();
    const other = what ?? (candidate === null ? 'startup' : 'running');
    const from =
      other === 'running'
        ? running
        : (await (other === 'startup' ? this.startup.read() : this.readArchived(other))).config;
    const { lines, added, removed } = diffConfigs(from, candidate?.config ?? running);
    return {
      from: typeof other === 'number' ? `rollback ${other}` : other,
      to: candidate === null ? 'running' : 'candidate',
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

  /** An entry as a configuration; number 0 is what runs, whether or not it is archived. */
  async readArchived(number: number): Promise<EditResult> {
    const running = this.host.runningConfig();
    if (number === 0) return { ...editConfig(running, [], []), config: running };
    return checked(parseConfig((await this.archivedText(number)).text));
  }

  namedCandidates(): NamedCandidate[] {
    return this.candidates.named();
  }

  /** The newest last. */
  records(last: number | undefined): AccountingRecord[] {
    return this.accounting.list(last);
  }
}
