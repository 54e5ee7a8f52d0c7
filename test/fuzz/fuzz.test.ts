/**
 * Whatever is typed, written in a file or sent to the control socket: no crash, nothing that reaches a prototype.
 *
 * OCTOLINK_FUZZ_INPUTS inputs of each kind (default 50,000) from SEED (default: a new one, which is printed).
 */
import { strict as assert } from 'node:assert';
import { afterAll, describe, it } from 'vitest';
import { execTree } from '../../src/cli/commands/index.js';
import { pipeTree, splitPipes } from '../../src/cli/interpreter/pipes.js';
import { parseConfig } from '../../src/config/edit.js';
import { CONFIG_MODES } from '../../src/config/language.js';
import { renderConfig } from '../../src/config/render.js';
import { configTree } from '../../src/config/resolve.js';
import { withoutSecrets } from '../../src/config/secrets.js';
import { LineSplitter } from '../../src/daemon/control/lines.js';
import { checkEnvelope, checkParams, decodeMessage } from '../../src/daemon/control/requests.js';
import { METHODS } from '../../src/daemon/methods/index.js';
import { findMethod } from '../../src/daemon/methods/method.js';
import { completeLine } from '../../src/grammar/complete.js';
import { explainAtPrompt, explainInWords } from '../../src/grammar/explain.js';
import { matchLine } from '../../src/grammar/match.js';
import type { Node } from '../../src/grammar/tree.js';
import { splitLine } from '../../src/grammar/words.js';
import { EXAMPLE } from '../control/fixtures.js';
import { runSeed } from '../sim/random.js';
import { Inputs } from './inputs.js';
import { RIGHT_LINES, RIGHT_REQUESTS, WORDS } from './seeds.js';

const COUNT = Number(process.env['OCTOLINK_FUZZ_INPUTS'] ?? 50_000);
const SEED = runSeed();
const TIMEOUT_MS = 60_000 + COUNT * 2;

const TREES: readonly Node<unknown>[] = [
  execTree(true),
  execTree(false),
  pipeTree(),
  ...CONFIG_MODES.map((mode) => configTree(mode)),
];

afterAll(() => {
  console.log(`fuzz: ${COUNT} inputs of each kind, SEED=${SEED}`);
});

/** Runs `check` on inputs; a failure names the input and how to have it again. */
function fuzz(
  input: (inputs: Inputs) => string,
  inputs: Inputs,
  check: (input: string, index: number) => void,
) {
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  for (let index = 0; index < COUNT; index++) {
    const given = input(inputs);
    try {
      check(given, index);
      if (Object.getOwnPropertyNames(Object.prototype).length !== before)
        throw new Error('a prototype has changed');
    } catch (error) {
      throw new Error(`SEED=${SEED}, input ${index}: ${JSON.stringify(given)}`, { cause: error });
    }
  }
}

describe('grammar', () => {
  it(
    'takes any line in any mode',
    () => {
      fuzz(
        (inputs) => inputs.line(),
        new Inputs(SEED, WORDS, RIGHT_LINES),
        (text, index) => {
          const tree = TREES[index % TREES.length];
          for (const part of [text, splitPipes(text).command]) {
            const match = matchLine(tree, splitLine(part));
            if (match.kind === 'command') {
              assert.equal(Object.getPrototypeOf(match.args), Object.prototype);
            } else if (match.kind !== 'empty') {
              assert(match.at >= 0);
              assert(match.at <= part.length);
              explainAtPrompt(match, part, 7);
              explainInWords(match);
            }
            const { start, options } = completeLine(tree, part);
            assert(start <= part.length);
            for (const option of options) assert(option.help.length > 0);
          }
        },
      );
    },
    TIMEOUT_MS,
  );
});

describe('configuration', () => {
  it(
    'of any text is refused with its places, or prints back as what it is',
    () => {
      const lines = EXAMPLE.split('\n');
      fuzz(
        (inputs) => inputs.text(),
        new Inputs(SEED + 1, WORDS, [...lines, ...RIGHT_LINES]),
        (text) => {
          const { config, syntax } = parseConfig(text);
          for (const { line, column } of syntax) {
            assert(line > 0);
            assert(column > 0);
          }
          if (syntax.length === 0) {
            const printed = renderConfig(config);
            const again = parseConfig(printed);
            assert.deepEqual(again.syntax, []);
            assert.equal(renderConfig(again.config), printed);
          }
          withoutSecrets(text);
        },
      );
    },
    TIMEOUT_MS,
  );
});

describe('control API', () => {
  it(
    'takes any bytes',
    () => {
      const words = [
        ...WORDS,
        ...Object.keys(METHODS),
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        'null',
        '1e400',
        '"id"',
        '"params"',
      ];
      fuzz(
        (inputs) => inputs.line(),
        new Inputs(SEED + 2, words, RIGHT_REQUESTS),
        (text, index) => {
          const bytes = Buffer.from(text, index % 4 === 0 ? 'latin1' : 'utf8');
          const splitter = new LineSplitter(1024);
          const cut = index % (bytes.length + 1);
          const pieces = [bytes.subarray(0, cut), bytes.subarray(cut), Buffer.from('\n')];
          for (const piece of pieces) {
            for (const line of splitter.push(piece) ?? []) checkLine(line);
          }
        },
      );
    },
    TIMEOUT_MS,
  );
});

function checkLine(line: Buffer): void {
  let message: unknown;
  try {
    message = decodeMessage(line);
  } catch (error) {
    assert(error instanceof SyntaxError || error instanceof TypeError);
    return;
  }
  for (const one of Array.isArray(message) ? message : [message]) {
    const envelope = checkEnvelope(one);
    if ('wrong' in envelope) {
      assert(envelope.wrong.length > 0);
      continue;
    }
    const method = findMethod(METHODS, envelope.method);
    if (method !== null) {
      const checked = checkParams(method, envelope.params);
      if ('params' in checked) assert.equal(Object.getPrototypeOf(checked.params), Object.prototype);
    }
  }
}
