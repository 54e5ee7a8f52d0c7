/** The types that a value in a command line can have. */
import { TOKEN_PREFIX } from '../api/invitations.js';
import {
  isLinkLocal,
  parseCidr,
  parseEndpoint,
  parseIp,
  parseMac,
  splitZone,
  unusableHost,
  unusableHostPart,
} from './address.js';
import { UNPRINTABLE } from './words.js';

/** 4095 is reserved (IEEE 802.1Q-2022 table 9-2). */
const MAX_VLAN = 4094;
/** As a list. */
export const ALL_VLANS = `1-${MAX_VLAN}`;

interface Refusal {
  refused: string;
}

export interface ValueType<V extends string | number = string | number> {
  /** What `?` shows in the value's place: `<0-7>`, `A.B.C.D`, `WORD`. */
  label: string;
  /** Where several types read the same word, the highest wins: 3 formats and ranges, 2 names, 1 free text. */
  rank: 1 | 2 | 3;
  /** Reads the word; a refusal continues the sentence "`NAME` …". */
  parse(text: string): V | Refusal;
  /** Whether something that begins like this could still become a value. */
  mayBegin(text: string): boolean;
  /** Of a number: `ms`, `bytes`. */
  unit?: string;
  /** Takes all words to the end of the line. */
  restOfLine?: true;
  /** Takes `!`, `#` and quotes that are not closed as well, which elsewhere are comments and mistakes. */
  freeText?: true;
}

export function isRefusal(value: string | number | Refusal): value is Refusal {
  return typeof value === 'object';
}

/** A whole number from `low` to `high`, in decimal. */
export function range(low: number, high: number, unit?: string): ValueType<number> {
  return {
    ...(unit !== undefined && { unit }),
    label: `<${low}-${high}>`,
    rank: 3,
    parse(text) {
      const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
      const refused = `must be ${low}-${high}${unit === undefined ? '' : ` ${unit}`}`;
      return number >= low && number <= high ? number : { refused };
    },
    mayBegin: (text) => /^\d{0,10}$/.test(text),
  };
}

function address(family: 4 | 6, label: string, begins: RegExp): ValueType<string> {
  return {
    label,
    rank: 3,
    parse(text) {
      const ip = parseIp(text);
      if (ip?.family !== family) return { refused: `must be an IPv${family} address` };
      const reason = unusableHost(ip);
      return reason === null ? text : { refused: reason };
    },
    mayBegin: (text) => begins.test(text),
  };
}

export const IPV4 = address(4, 'A.B.C.D', /^[\d.]*$/);
export const IPV6 = address(6, 'X:X::X:X', /^[0-9a-f]{0,4}(?::[0-9a-f:.]*)?$/i);

/** An IPv6 address; a link-local one may name its interface, as in `fe80::1%eth0`. */
export const IPV6_ZONE: ValueType<string> = {
  label: 'X:X::X:X[%IFNAME]',
  rank: 3,
  parse(text) {
    const { address: plain, zone } = splitZone(text);
    const parsed = IPV6.parse(plain);
    if (isRefusal(parsed) || zone === undefined) return parsed;
    const ip = parseIp(plain);
    if (ip === null || !isLinkLocal(ip)) {
      return { refused: 'is not link-local (fe80::/10): it takes no interface after "%"' };
    }
    const named = IFNAME.parse(zone);
    return isRefusal(named) ? { refused: `names no interface after "%": it ${named.refused}` } : text;
  },
  mayBegin: (text) => IPV6.mayBegin(splitZone(text).address),
};

/** A host with a port, as most programs write it: `host` reads what stands in front of the port. */
function endpoint(
  host: ValueType<string>,
  form: { what: string; label: string; begins: RegExp },
): ValueType<string> {
  const isBracketed = host === IPV6_ZONE;
  return {
    label: form.label,
    rank: host.rank,
    parse(text) {
      const parsed = parseEndpoint(text);
      if (parsed?.isBracketed !== isBracketed) return { refused: `must be ${form.what} and a port` };
      const refusal = host.parse(parsed.host);
      return isRefusal(refusal) ? refusal : text;
    },
    mayBegin: (text) => form.begins.test(text),
  };
}

export const ENDPOINT4 = endpoint(IPV4, {
  what: 'an IPv4 address',
  label: 'A.B.C.D:PORT',
  begins: /^\d*$|^[\d.]+:\d*$/,
});
export const ENDPOINT6 = endpoint(IPV6_ZONE, {
  what: 'an IPv6 address',
  label: '[X:X::X:X]:PORT',
  begins: /^(?:\[[0-9a-f:.]*(?:%[^[\]]*)?\]?(?::\d*)?)?$/i,
});

function cidr(family: 4 | 6, label: string, begins: RegExp, example: string): ValueType<string> {
  return {
    label,
    rank: 3,
    parse(text) {
      const parsed = parseCidr(text);
      if (parsed?.address.family !== family)
        return { refused: `must be an IPv${family} address and prefix such as ${example}` };
      const reason = unusableHost(parsed.address) ?? unusableHostPart(parsed);
      return reason === null ? text : { refused: reason };
    },
    mayBegin: (text) => begins.test(text),
  };
}

export const CIDR4 = cidr(4, 'A.B.C.D/M', /^[\d./]*$/, '10.77.0.1/24');
export const CIDR6 = cidr(6, 'X:X::X:X/M', /^[0-9a-f]{0,4}(?::[0-9a-f:./]*)?$/i, 'fd00::1/64');

/** The MAC address of a station: unicast and not all zero. */
export const MAC: ValueType<string> = {
  label: 'X:X:X:X:X:X',
  rank: 3,
  parse(text) {
    const mac = parseMac(text);
    if (mac === null) return { refused: 'must be a MAC address' };
    if (mac === '00:00:00:00:00:00') return { refused: 'must not be all zero' };
    return Number.parseInt(mac.slice(0, 2), 16) & 1 ? { refused: 'must be a unicast address' } : mac;
  },
  mayBegin: (text) => /^[0-9a-f:.-]*$/i.test(text),
};

/** A MAC address, or a part of one with `*` for any characters; in lower-case colon form. */
export const MAC_PATTERN: ValueType<string> = {
  label: 'X:X:X:X:X:X',
  rank: 3,
  parse(text) {
    const mac = parseMac(text);
    if (mac !== null) return mac;
    const isPattern = text.includes('*') && /^[0-9a-f:*]{1,17}$/i.test(text);
    return isPattern
      ? text.toLowerCase().replace(/\*+/g, '*')
      : { refused: 'must be a MAC address, or part of one with * for the rest' };
  },
  mayBegin: (text) => /^[0-9a-f:.*-]*$/i.test(text),
};

function pattern(label: string, form: RegExp, refused: string): ValueType<string> {
  return {
    label,
    rank: 2,
    parse: (text) => (form.test(text) ? text : { refused }),
    mayBegin: (text) => text === '' || form.test(text),
  };
}

/** Ranges of VLANs in a list such as `10,20-30`; null where it is none. */
export function parseVlans(list: string): [number, number][] | null {
  const ranges: [number, number][] = [];
  for (const part of list.split(',')) {
    const found = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (found === null) return null;
    const first = Number(found[1]);
    const last = found[2] === undefined ? first : Number(found[2]);
    if (first < 1 || last > MAX_VLAN || first > last) return null;
    ranges.push([first, last]);
  }
  return ranges;
}

/** The list of VLANs in its shortest form: ascending, what touches joined. */
export function formatVlans(ranges: readonly (readonly [number, number])[]): string {
  const joined: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** VLANs as they are listed. */
export const VLAN_LIST: ValueType<string> = {
  label: 'LIST',
  rank: 3,
  parse(text) {
    const ranges = parseVlans(text);
    return ranges === null
      ? { refused: `must be VLANs 1-${MAX_VLAN} and ranges of them, such as 10,20-30` }
      : formatVlans(ranges);
  },
  mayBegin: (text) => /^[\d,-]*$/.test(text),
};

/** A VLAN. */
export const VLAN = range(1, MAX_VLAN);

/** Name of a peer: what can be shown and logged without surprises. One with blanks is typed in quotes. */
export const NAME = pattern(
  'NAME',
  /^(?!.* (?: |$))[\p{L}\p{N}_][\p{L}\p{N}\p{M}_. -]{0,62}$/u,
  'must be 1-63 letters, digits, "_", "." or "-", with single blanks between them in quotes, and begin with a letter, a digit or "_"',
);

/** Name of an alias: a word that nothing else can be taken for. */
export const COMMAND_WORD = pattern(
  'WORD',
  /^[a-z][a-z0-9_-]{0,31}$/,
  'must be 1-32 small letters, digits, "_" or "-", and begin with a letter',
);

/** RFC 1123 host name; it becomes the prompt. */
export const HOSTNAME = pattern(
  'WORD',
  /^(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  'must be 1-63 letters, digits, "-" or "."',
);

/** Host name that DNS knows: dot-separated labels (RFC 1123 section 2.1), the last one not all digits (RFC 3696). */
export const DNS_NAME: ValueType<string> = {
  label: 'HOSTNAME',
  rank: 2,
  parse(text) {
    const name = text.endsWith('.') ? text.slice(0, -1) : text;
    if (/[^\x20-\x7e]/.test(name)) return { refused: 'must be written in ASCII (xn--…)' };
    if (name.length > 253) return { refused: 'must be at most 253 characters' };
    const labels = name.split('.');
    if (/^\d+$/.test(labels[labels.length - 1])) return { refused: 'must be a host name or a whole address' };
    if (labels.every((label) => DNS_LABEL.test(label))) return text;
    return { refused: 'must be a host name: labels of 1-63 letters, digits or "-", with dots between them' };
  },
  mayBegin: (text) => /^[\p{L}\p{N}.-]*$/u.test(text) && !/^[\d.]+$/.test(text),
};
const DNS_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

export const DNS_ENDPOINT = endpoint(DNS_NAME, {
  what: 'a host name',
  label: 'HOSTNAME:PORT',
  begins: /^[A-Za-z0-9-][A-Za-z0-9.-]*(?::\d*)?$/,
});

/** Absolute path: the daemon's working directory is nobody's business. */
export const FILENAME: ValueType<string> = {
  ...pattern('FILENAME', /^\/.{1,4094}$/u, 'must be an absolute path'),
  mayBegin: (text) => text === '' || text.startsWith('/'),
};

/** URL of a server of a registry: scheme, host and port, nothing else. */
export const REGISTRY_SERVER: ValueType<string> = {
  label: 'URL',
  rank: 2,
  parse(text) {
    const url = URL.canParse(text) && text.length <= 255 ? new URL(text) : null;
    const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.origin === text.replace(/\/$/, '');
    return isPlain ? url.origin : { refused: 'must be a URL without a path, such as https://10.0.0.5:2379' };
  },
  mayBegin: (text) => 'https://'.startsWith(text) || /^https?:\/\//.test(text) || 'http://'.startsWith(text),
};

/** Begin of the keys of a network in its registry. */
export const REGISTRY_PREFIX: ValueType<string> = {
  ...pattern(
    'PREFIX',
    /^(?:\/[A-Za-z0-9._-]{1,63}){1,4}$/,
    'must be up to four names of letters, digits, ".", "_" and "-", each after a "/", such as /octolink/office',
  ),
  mayBegin: (text) => text === '' || text.startsWith('/'),
};

/** Any word: what it may be is for whoever uses it to say. */
export const WORD = pattern('WORD', /^.+$/su, 'must not be empty');
/** A file that this program opens itself, for the one who started it. */
export const LOCAL_FILE = pattern('FILENAME', /^.{1,4095}$/u, 'must be the name of a file');

/** Name of a network interface as the kernel accepts it (`dev_valid_name`). */
export const IFNAME: ValueType<string> = {
  label: 'IFNAME',
  rank: 2,
  parse(text) {
    if (/^\d+(\.\d+){3}$/.test(text)) return { refused: 'must be a valid IPv4 address' };
    if (/[/:\s%]/.test(text) || text === '.' || text === '..' || text === '') {
      return { refused: 'must be an interface name: no "/", ":", "%" or blank' };
    }
    return utf8Length(text) <= 15 ? text : { refused: 'must be at most 15 bytes' };
  },
  mayBegin: (text) => !/[/:%]|^\d+\./.test(text),
};

/** Base64 of 32 bytes, canonical: one key has one spelling. */
export const KEY: ValueType<string> = {
  label: 'BASE64',
  rank: 3,
  parse(text) {
    if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return { refused: 'must be a public key (44 base64 characters)' };
    if (/^A{43}=$/.test(text)) return { refused: 'must not be the all-zero key' };
    // The last digit carries four bits of the key and two that must be zero.
    return 'AEIMQUYcgkosw048'.includes(text[42]) ? text : { refused: 'must be canonical base64' };
  },
  mayBegin: (text) => /^[A-Za-z0-9+/]{0,43}=?$/.test(text),
};

/** Names with commas between them, as one text. */
export const NAMES: ValueType<string> = {
  label: 'NAME,NAME',
  rank: 2,
  parse(text) {
    const wrong = text.split(',').find((name) => isRefusal(NAME.parse(name)));
    return wrong === undefined
      ? text
      : { refused: `must be names with commas between them; "${wrong}" is none` };
  },
  mayBegin: (text) => text !== '',
};

const DURATION_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time with its unit, such as `12h` or `7d`, in seconds. */
export function durationOf(low: number, high: number): ValueType<number> {
  return {
    label: '<number>s|m|h|d|w',
    rank: 3,
    parse(text) {
      const [, number, unit] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
      const seconds = number === undefined ? Number.NaN : Number(number) * DURATION_UNITS[unit];
      const refused = `must be a time from ${low} s to ${high / 86_400} days, as 30m, 12h or 7d`;
      return seconds >= low && seconds <= high ? seconds : { refused };
    },
    mayBegin: (text) => /^\d{0,9}[smhdw]?$/.test(text),
  };
}

const RATE_UNITS: Readonly<Record<string, number>> = { k: 1, m: 1000, g: 1_000_000 };

/** A rate in bit/s with its unit, such as `500k` or `20m`, in kbit/s. */
export function rateOf(lowKbps: number, highKbps: number): ValueType<number> {
  return {
    label: '<number>k|m|g',
    rank: 3,
    parse(text) {
      const [, number, unit] = /^(\d{1,7})([kmg])$/i.exec(text) ?? [];
      const kbps = number === undefined ? Number.NaN : Number(number) * RATE_UNITS[unit.toLowerCase()];
      const refused = `must be a rate in bit/s from ${lowKbps}k to ${highKbps / 1000}m, as 500k, 20m or 1g`;
      return kbps >= lowKbps && kbps <= highKbps ? kbps : { refused };
    },
    mayBegin: (text) => /^\d{0,7}[kmg]?$/i.test(text),
  };
}

/** The token of an invitation, or `-` for the standard input. It is quoted nowhere. */
export const TOKEN: ValueType<string> = {
  label: 'TOKEN',
  rank: 3,
  parse: (text) =>
    text === '-' || text.startsWith(TOKEN_PREFIX)
      ? text
      : { refused: `must begin with ${TOKEN_PREFIX}, or be "-"` },
  mayBegin: (text) => TOKEN_PREFIX.startsWith(text) || text.startsWith(TOKEN_PREFIX) || text === '-',
};

/** All words to the end of the line, up to a comment. */
export const LINE: ValueType<string> = {
  label: 'LINE',
  rank: 1,
  parse: (text) => (text.length <= 255 ? text : { refused: 'must be at most 255 characters' }),
  mayBegin: () => true,
  restOfLine: true,
};

/** Free text to the end of the line, whatever characters it holds; text in quotes may be followed by a comment. */
export const TEXT: ValueType<string> = {
  ...LINE,
  parse: (text) =>
    UNPRINTABLE.test(text) ? { refused: 'must hold no character that cannot be printed' } : LINE.parse(text),
  freeText: true,
};

function utf8Length(text: string): number {
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
