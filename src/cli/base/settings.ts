/** What `terminal …` sets, until the program ends. */
export interface TerminalSettings {
  /** Rows of a screen; 0: output never stops; null: as many as the terminal has. */
  length: number | null;
  /** Columns of a row; null: as many as the terminal has. */
  width: number | null;
  /** Events are shown as they happen. */
  monitor: boolean;
  colour: boolean;
  /** Lines of history that can be walked through. */
  historySize: number;
}

const DEFAULT_HISTORY_SIZE = 1000;

export function defaultSettings(colour: boolean): TerminalSettings {
  return { length: null, width: null, monitor: false, colour, historySize: DEFAULT_HISTORY_SIZE };
}
