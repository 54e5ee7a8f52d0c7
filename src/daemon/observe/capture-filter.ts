/** The language of capture filters, and the programs that it becomes. */
import { parseCidr, parseIp, parseMac } from '../../grammar/address.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../switch/frame.js';
import {
  ACCEPT,
  ANY_VLAN,
  ENDS,
  ETHERTYPE_ARP,
  FILTER,
  MAX_INSTRUCTIONS,
  REJECT,
  TEST,
} from '../../switch/frame-filter.js';
import { RequestError } from '../base/request-errors.js';

/** An instruction whose targets are not known yet. */
interface Test {
  readonly test: number;
  readonly ends?: number;
  readonly value?: readonly number[];
  readonly mask?: readonly number[];
}

type Node =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node };

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMP6 = 58;
const MAX_DEPTH = 32;

/** Words that stand for one test. */
const SIMPLE: Readonly<Record<string, Node | undefined>> = {
  arp: ofType(ETHERTYPE_ARP),
  ip: ofType(ETHERTYPE_IPV4),
  ip6: ofType(ETHERTYPE_IPV6),
  icmp: both(ofType(ETHERTYPE_IPV4), ofProtocol(ICMP)),
  icmp6: both(ofType(ETHERTYPE_IPV6), ofProtocol(ICMP6)),
  tcp: ofProtocol(TCP),
  udp: ofProtocol(UDP),
  broadcast: leaf({ test: TEST.BROADCAST }),
  multicast: leaf({ test: TEST.GROUP }),
};

/**
 * The program of a filter: `[not] TEST`, joined by `and` (which may be left out) and `or`, with parentheses. Throws
 * `RequestError` that names the word at fault.
 */
export function compileFilter(text: string): Int32Array {
  const node = new Parser(text).parse();
  const rows: number[][] = [];
  emit(node, ACCEPT, REJECT, rows);
  if (rows.length > MAX_INSTRUCTIONS) {
    throw new RequestError(`the filter has more than ${MAX_INSTRUCTIONS} tests`);
  }
  const last = rows.length - 1;
  // They were made from the last to the first.
  const inOrder = rows.reverse().map((row) => {
    for (const word of [FILTER.THEN, FILTER.ELSE]) if (row[word] >= 0) row[word] = last - row[word];
    return row;
  });
  return Int32Array.from(inOrder.flat());
}

/** Appends the instructions of a node, the last one first. Returns the number of its first. */
function emit(node: Node, then: number, otherwise: number, rows: number[][]): number {
  switch (node.kind) {
    case 'not':
      return emit(node.of, otherwise, then, rows);
    case 'and':
      return emit(node.left, emit(node.right, then, otherwise, rows), otherwise, rows);
    case 'or':
      return emit(node.left, then, emit(node.right, then, otherwise, rows), rows);
    default: {
      const { test, ends = ENDS.EITHER, value = [], mask = [] } = node.test;
      const row = new Array<number>(FILTER.WORDS).fill(0);
      row[FILTER.TEST] = test;
      row[FILTER.ENDS] = ends;
      value.forEach((word, index) => {
        row[FILTER.VALUE + index] = word;
      });
      mask.forEach((word, index) => {
        row[FILTER.MASK + index] = word;
      });
      row[FILTER.THEN] = then;
      row[FILTER.ELSE] = otherwise;
      return rows.push(row) - 1;
    }
  }
}

class Parser {
  private readonly words: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(text: string) {
    this.words = text.match(/[()]|[^\s()]+/g) ?? [];
  }

  parse(): Node {
    const node = this.either();
    if (this.at < this.words.length) throw this.unexpected('the end');
    return node;
  }

  private either(): Node {
    let node = this.all();
    while (this.take('or')) node = { kind: 'or', left: node, right: this.all() };
    return node;
  }

  private all(): Node {
    let node = this.one();
    while (this.take('and') || this.goesOn()) node = { kind: 'and', left: node, right: this.one() };
    return node;
  }

  /** A test follows without a word that joins it. */
  private goesOn(): boolean {
    const word = this.words[this.at];
    return word !== undefined && word !== 'or' && word !== ')';
  }

  private one(): Node {
    if (++this.depth > MAX_DEPTH) throw new RequestError('the filter is nested too deeply');
    const node = this.nested();
    this.depth--;
    return node;
  }

  private nested(): Node {
    if (this.take('not')) return { kind: 'not', of: this.one() };
    if (!this.take('(')) return this.test();
    const node = this.either();
    if (!this.take(')')) throw this.unexpected('")"');
    return node;
  }

  private test(): Node {
    const word = this.words[this.at];
    const simple = word !== undefined && Object.hasOwn(SIMPLE, word) ? SIMPLE[word] : undefined;
    if (simple !== undefined) {
      this.at++;
      return simple;
    }
    if (this.take('vlan')) return this.vlan();
    if (this.take('ethertype')) return ofType(this.number(0x600, 0xffff));
    const ends = this.take('src') ? ENDS.SOURCE : this.take('dst') ? ENDS.DESTINATION : ENDS.EITHER;
    if (this.take('mac')) return this.mac(ends);
    if (this.take('host')) return this.host(ends);
    if (this.take('port')) return this.port(ends);
    throw this.unexpected();
  }

  private vlan(): Node {
    const isNumber = /^\d+$/.test(this.words[this.at] ?? '');
    return leaf({ test: TEST.VLAN, value: [isNumber ? this.number(0, 4094) : ANY_VLAN] });
  }

  private mac(ends: number): Node {
    const mac = parseMac(this.words[this.at] ?? '');
    if (mac === null) throw this.unexpected('a MAC address');
    this.at++;
    const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
    return leaf({ test: TEST.MAC, ends, value: [(bytes[0] << 8) | bytes[1], wordOf(bytes.slice(2))] });
  }

  private host(ends: number): Node {
    const word = this.words[this.at] ?? '';
    const address = parseIp(word);
    const network = address === null ? parseCidr(word) : { address, prefix: address.bytes.length * 8 };
    if (network === null) throw this.unexpected('an address or a prefix');
    this.at++;
    const { bytes, family } = network.address;
    const mask = bytes.map((_, index) => maskByte(network.prefix - index * 8));
    return leaf({
      test: family === 4 ? TEST.HOST4 : TEST.HOST6,
      ends,
      value: wordsOf(bytes),
      mask: wordsOf(mask),
    });
  }

  private port(ends: number): Node {
    const port = leaf({ test: TEST.PORT, ends, value: [this.number(0, 65_535)] });
    return both({ kind: 'or', left: ofProtocol(TCP), right: ofProtocol(UDP) }, port);
  }

  private number(low: number, high: number): number {
    const word = this.words[this.at] ?? '';
    const number = /^(?:0x[0-9a-f]{1,4}|\d{1,5})$/i.test(word) ? Number(word) : -1;
    if (number < low || number > high) throw this.unexpected(`a number from ${low} to ${high}`);
    this.at++;
    return number;
  }

  private take(word: string): boolean {
    if (this.words[this.at] !== word) return false;
    this.at++;
    return true;
  }

  private unexpected(wanted = 'a test'): RequestError {
    const word = this.words[this.at];
    const found = word === undefined ? 'it ends' : `"${word}" stands`;
    return new RequestError(`in the filter ${found} where ${wanted} should be`);
  }
}

function leaf(test: Test): Node {
  return { kind: 'test', test };
}

function ofType(type: number): Node {
  return leaf({ test: TEST.ETHERTYPE, value: [type] });
}

function ofProtocol(protocol: number): Node {
  return leaf({ test: TEST.PROTOCOL, value: [protocol] });
}

function both(left: Node, right: Node): Node {
  return { kind: 'and', left, right };
}

function maskByte(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function wordsOf(bytes: readonly number[]): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) =>
    wordOf(bytes.slice(index * 4, index * 4 + 4)),
  );
}

function wordOf(bytes: readonly number[]): number {
  return (bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
}
