/**
 * The lines of an `authorized-keys` file. Each admits a client: `NAME PUBLIC-KEY [option=value…]`. What follows `#` at
 * the beginning of a word is a comment; a value with blanks stands in double quotes.
 */
import type { VlanConfig } from '../api/config.js';
import { isRefusal, KEY, NAME } from '../grammar/values.js';
import { parseVlanWords } from './vlan-command.js';

/** What a line says. */
export interface KeyLine {
  name: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  /** Absent: the template that the interface names. */
  template?: string;
  description?: string;
  /** Absent: what its template says. */
  vlan?: VlanConfig;
  /** Milliseconds since the epoch from which on the client is refused. */
  expiresMs?: number;
}

/** Characters of a line; a longer one is refused. */
const MAX_LINE = 1024;
const MAX_DESCRIPTION = 255;
const WORDS = /#.*$|[^\s="]+="[^"]*"(?=\s|$)|\S+/gs;
/** A day, or a minute or second of it: UTC unless it says otherwise. */
const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A line read; null when it says nothing; when it is wrong a sentence, which quotes nothing of it: whoever may read
 * sentences need not have the right to read the file.
 */
export function readKeyLine(text: string): KeyLine | string | null {
  if (text.length > MAX_LINE) return `a line has at most ${MAX_LINE} characters`;
  const words = wordsOf(text);
  if (words.length === 0) return null;
  const [name, publicKey, ...options] = words;
  const problem = wrong(NAME.parse(name), 'name') ?? wrong(KEY.parse(publicKey ?? ''), 'second word');
  if (problem !== null) return problem;
  const line: KeyLine = { name, publicKey };
  for (const option of options) {
    const refused = readOption(line, option);
    if (refused !== null) return refused;
  }
  return line;
}

/** The words of a line without its comment. Of a wrong line too: they may tell whom it was about. */
export function wordsOf(text: string): string[] {
  return (text.slice(0, MAX_LINE).match(WORDS) ?? []).filter((word) => !word.startsWith('#'));
}

function wrong(parsed: ReturnType<typeof NAME.parse>, what: string): string | null {
  return isRefusal(parsed) ? `the ${what} ${parsed.refused}` : null;
}

function readOption(line: KeyLine, option: string): string | null {
  const [, key, quoted, plain] = /^([a-z-]+)=(?:"([^"]*)"|([^"]+))$/.exec(option) ?? [];
  const value = quoted ?? plain;
  if (value === undefined) return 'what follows the key is no option of the form name=value';
  switch (key) {
    case 'template':
      if (line.template !== undefined) break;
      line.template = value;
      return wrong(NAME.parse(value), 'template');
    case 'description':
      if (line.description !== undefined) break;
      line.description = value;
      return value.length > MAX_DESCRIPTION
        ? `a description has at most ${MAX_DESCRIPTION} characters`
        : null;
    case 'vlan': {
      if (line.vlan !== undefined) break;
      const vlan = parseVlanWords(value);
      if (vlan === null)
        return 'vlan must be as the line of a peer says it: vlan="access 10" or vlan="trunk native 10 allowed 20-30"';
      line.vlan = vlan;
      return null;
    }
    case 'expires': {
      if (line.expiresMs !== undefined) break;
      const isZoned = /(Z|[+-]\d\d:\d\d)$/.test(value) || !value.includes('T');
      line.expiresMs = MOMENT.test(value) ? Date.parse(isZoned ? value : `${value}Z`) : Number.NaN;
      return Number.isNaN(line.expiresMs)
        ? 'expires must be a day or a moment, as 2027-01-31 or 2027-01-31T12:00Z'
        : null;
    }
    default:
      return 'an option is none of template, vlan, description and expires';
  }
  return `the option ${key} stands there twice`;
}
