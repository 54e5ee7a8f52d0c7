/** The interactive shell: keys in, lines run, answers out. */
import type { ControlEvent } from '../api/index.js';
import type { ConfigMode } from '../config/language.js';
import { displayWidth } from '../grammar/display-width.js';
import { asFailure } from './base/daemon-client.js';
import { EXIT } from './base/failure.js';
import { completionFor, helpLines } from './completion/suggestions.js';
import { Interpreter, type InterpreterOptions } from './interpreter/interpreter.js';
import { colourLine } from './output/colour.js';
import { eventText, isUrgent } from './output/events.js';
import { columnsOf, foldLine } from './output/table.js';
import { Paste } from './paste.js';
import { History, isSecret } from './terminal/command-history.js';
import { HistorySearch } from './terminal/history-search.js';
import type { Key } from './terminal/key-decoder.js';
import { LineEditor } from './terminal/line-editor.js';
import { LineView } from './terminal/line-view.js';
import { page } from './terminal/pager.js';
import type { Terminal } from './terminal/terminal.js';

/** What a configuration mode adds to the prompt. */
const MODE_SUFFIXES: Record<ConfigMode, string> = {
  config: '',
  interface: '-if',
  peer: '-peer',
  link: '-link',
};

/** Lines that come while the screen belongs to something else; more are not worth keeping. */
const MAX_HELD_LINES = 200;

type ShellOptions = Omit<
  InterpreterOptions,
  'interactive' | 'print' | 'remark' | 'terminal' | 'history' | 'onEvent' | 'onLost'
> & {
  /** Where history is kept; null: nowhere. */
  historyFile: string | null;
  /** The shell ends when no key comes for this long; null: never. */
  idleMs: number | null;
};

/** Runs until the user leaves or the terminal goes; returns the exit code. */
export function runShell(terminal: Terminal, options: ShellOptions): Promise<number> {
  return new Shell(terminal, options).run();
}

class Shell {
  private readonly terminal: Terminal;
  private readonly interpreter: Interpreter;
  private readonly history: History;
  private readonly line: LineEditor;
  private readonly view: LineView;
  private readonly idleMs: number | null;
  private search: HistorySearch | null = null;
  private hostname = 'octolink';
  private running = false;
  private paste: Paste | null = null;
  private held: string[] = [];
  private lastKey = '';

  constructor(terminal: Terminal, options: ShellOptions) {
    this.terminal = terminal;
    this.idleMs = options.idleMs;
    this.history = new History(options.historyFile, () => options.settings.historySize);
    this.line = new LineEditor(() => this.history.lines);
    this.view = new LineView(
      (text) => terminal.write(text),
      () => terminal.columns,
    );
    this.interpreter = new Interpreter({
      ...options,
      interactive: true,
      print: (lines, stop, signal) => page(terminal, lines, this.pagerOptions(stop), signal),
      remark: (lines) => this.say(lines),
      terminal: async () => terminal,
      history: () => this.history.lines,
      onEvent: (event) => this.event(event),
      onLost: () =>
        this.above([
          '% The daemon closed the connection; the next command reconnects.',
          ...this.interpreter.loseCandidate(),
        ]),
    });
  }

  async run(): Promise<number> {
    await this.greet();
    this.history.load();
    this.terminal.open();
    const unresize = this.terminal.onResize(() => {
      if (!this.running) this.view.redraw();
    });
    try {
      this.prompt();
      while (!this.interpreter.left) {
        const key = await this.terminal.readKey(this.idleMs);
        if (key === null) break;
        if (key === 'idle') {
          this.view.leave();
          this.say([`% Idle for ${(this.idleMs ?? 0) / 1000} s: goodbye`]);
          break;
        }
        await this.key(key);
      }
    } finally {
      unresize();
      this.terminal.close();
      await this.interpreter.disconnect();
    }
    return EXIT.OK;
  }

  private async greet(): Promise<void> {
    const { hello } = await this.interpreter.client();
    this.hostname = hello.hostname;
    this.interpreter.enabled = hello.privilege === 'admin' && !this.interpreter.readOnly;
    if (hello.banner !== undefined) this.say([hello.banner]);
    await this.interpreter.subscribe();
  }

  // --- keys -----------------------------------------------------------------------------------------

  private async key(key: Key): Promise<void> {
    if (key.kind === 'press' && key.name === 'paste-end') return this.endPaste();
    if (this.search !== null && this.searchKey(this.search, key)) return;
    if (key.kind === 'text') await this.character(key.text, key.literal);
    else if (key.name === 'enter') await this.enter(key.pasted);
    else await this.press(key.name);
    this.lastKey = key.kind === 'text' ? '' : key.name;
  }

  private async character(text: string, literal: boolean): Promise<void> {
    if (text === '?' && !literal && !insideQuotes(this.line.beforeCursor)) {
      await this.help();
    } else {
      this.line.insert(text);
      this.show();
    }
  }

  private async press(name: string): Promise<void> {
    switch (name) {
      case 'tab':
        return this.complete();
      case 'ctrl-c':
        this.view.leave('^C');
        this.line.take();
        return this.prompt();
      case 'ctrl-z':
        this.view.leave('^Z');
        this.line.take();
        return this.attempt(() => this.interpreter.end());
      case 'ctrl-l':
        return this.view.redrawOnTop();
      case 'ctrl-r':
        this.search = new HistorySearch(this.history.lines);
        return this.showSearch(this.search);
      case 'ctrl-d':
        if (this.line.text !== '') break;
        this.view.leave();
        return this.attempt(() => this.interpreter.up());
    }
    if (this.line.press(name)) this.show();
    else this.terminal.bell();
  }

  /** A key during a search; false: the search is over, and the key means what it always means. */
  private searchKey(search: HistorySearch, key: Key): boolean {
    const name = key.kind === 'press' ? key.name : null;
    if (key.kind === 'text') search.extend(key.text);
    else if (name === 'ctrl-r') search.older();
    else if (name === 'backspace') search.shorten();
    else {
      this.search = null;
      const given = name === 'ctrl-g' || name === 'ctrl-c';
      if (!given && search.found !== '') {
        this.line.set(search.found);
        this.line.moveTo(search.cursor);
      }
      this.show();
      // Tab and Escape only take the line that was found.
      return given || name === 'tab';
    }
    this.showSearch(search);
    return true;
  }

  private async enter(pasted: boolean): Promise<void> {
    this.view.leave();
    const line = this.line.take();
    if (!isSecret(line)) this.history.add(line);
    const promptWidth = displayWidth(this.promptText());
    if (pasted) this.paste ??= new Paste(this.interpreter);
    const { paste } = this;
    await this.attempt(() =>
      paste === null ? this.interpreter.run(line, null, promptWidth) : paste.run(line, promptWidth),
    );
  }

  private async endPaste(): Promise<void> {
    const { paste } = this;
    if (paste === null) return;
    this.paste = null;
    this.view.hide();
    await this.attempt(() => paste.end());
  }

  /** Runs something, says why it failed, and asks for the next line. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    const mayRename = this.interpreter.configMode !== null || this.interpreter.pasting;
    this.running = true;
    let interrupted = false;
    try {
      await this.terminal.during(work, () => {
        interrupted = true;
        this.interpreter.interrupt();
      });
      if (mayRename && this.paste === null) await this.refreshHostname();
    } catch (error) {
      const { lines } = asFailure(error);
      this.say(interrupted ? ['^C'] : lines);
      // What was typed or pasted ahead is gone, the end of the paste with it.
      if (interrupted) await this.giveUpPaste();
    }
    this.running = false;
    if (!this.interpreter.left) this.prompt();
  }

  private async giveUpPaste(): Promise<void> {
    this.interpreter.forgetLines();
    await this.paste?.end().catch(() => undefined);
    this.paste = null;
  }

  /** A configuration line may have changed it. */
  private async refreshHostname(): Promise<void> {
    if (this.interpreter.left) return;
    const client = await this.interpreter.client().catch(() => null);
    const version = await client?.request('show.version', {}).catch(() => null);
    if (version) this.hostname = version.hostname;
  }

  // --- help and completion --------------------------------------------------------------------------

  private async help(): Promise<void> {
    const lines = await helpLines(this.interpreter, this.line.beforeCursor, this.terminal.columns);
    this.view.leave('?');
    this.running = true;
    await page(this.terminal, once(lines), this.pagerOptions(true), new AbortController().signal);
    this.running = false;
    this.prompt();
  }

  private async complete(): Promise<void> {
    const { start, common, words, unique } = await completionFor(this.interpreter, this.line.beforeCursor);
    const before = this.line.beforeCursor;
    if (unique) {
      this.line.replaceBeforeCursor(start, `${common} `);
      this.show();
    } else if (before.slice(start) !== common && common !== '') {
      this.line.replaceBeforeCursor(start, common);
      this.show();
    } else if (words.length > 1 && this.lastKey === 'tab') {
      this.view.leave();
      this.say(columnsOf(words, this.terminal.columns));
      this.prompt();
    } else {
      this.terminal.bell();
    }
  }

  // --- what is on the screen ------------------------------------------------------------------------

  private promptText(): string {
    const mode = this.interpreter.configMode;
    const { session } = this.interpreter.editing;
    const candidate = session === null ? '' : `-s-${session}`;
    const isTemplate = mode === 'peer' && this.interpreter.context[1]?.startsWith('peer-template ');
    const suffix = mode === null ? '' : isTemplate ? '-peer-template' : MODE_SUFFIXES[mode];
    const name = mode === null ? '' : `(config${candidate}${suffix})`;
    return `${this.hostname}${name}${this.interpreter.enabled ? '#' : '>'} `;
  }

  /** Begins a fresh line with the prompt and what has been typed already. */
  private prompt(): void {
    this.say(this.held.splice(0));
    this.terminal.widthWanted = this.interpreter.settings.width;
    this.show();
  }

  private show(): void {
    this.view.show({ prompt: this.promptText(), text: this.line.text, cursor: this.line.cursor });
  }

  private showSearch(search: HistorySearch): void {
    this.view.show({ prompt: search.prompt, text: search.found, cursor: search.cursor });
  }

  private say(lines: readonly string[]): void {
    const { paint } = this.pagerOptions(false);
    const folded = lines.flatMap((line) => foldLine(line, this.terminal.columns));
    if (folded.length > 0) this.terminal.write(`${folded.map(paint).join('\n')}\n`);
  }

  private pagerOptions(stop: boolean) {
    const { settings } = this.interpreter;
    return {
      height: () => (stop ? (settings.length ?? this.terminal.rows) : 0),
      paint: settings.colour ? colourLine : (line: string) => line,
    };
  }

  private event(event: ControlEvent): void {
    if (event.kind === 'config' && event.what === 'taken by force') void this.taken(event.by);
    if (!this.interpreter.settings.monitor && !isUrgent(event)) return;
    this.above([eventText(event)]);
  }

  private async taken(by: string): Promise<void> {
    const wasOurs = await this.interpreter.dropIfTaken().catch(() => false);
    if (!wasOurs) return;
    this.above([
      `% ${by} has taken the configuration by force: your candidate is gone.`,
      '  You are back in exec mode.',
    ]);
  }

  /** Lines that come by themselves stand above the prompt; what has been typed is shown again below them. */
  private above(lines: string[]): void {
    if (this.running) {
      this.held.push(...lines);
      if (this.held.length > MAX_HELD_LINES) this.held.splice(0, this.held.length - MAX_HELD_LINES);
      return;
    }
    this.view.hide();
    this.say(lines);
    if (this.search === null) this.show();
    else this.showSearch(this.search);
  }
}

async function* once(lines: string[]): AsyncGenerator<string[]> {
  yield lines;
}

function insideQuotes(text: string): boolean {
  return /(?:^|[ \t])(["'])(?:(?!\1).)*$/.test(text);
}
