/** Help and errors have one form each: what a tired reader must not stumble over. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { execCommands } from '../../src/cli/commands/index.js';
import { PIPE_STAGES } from '../../src/cli/interpreter/pipes.js';
import { CONFIG_COMMANDS } from '../../src/config/commands.js';
import { CONFIG_MODES } from '../../src/config/language.js';
import { plainTokens } from '../grammar/tokens.js';
import { filesUnder, textOf } from './sources.js';

/** Calls whose argument is a text that people read as an error, and fields that hold one. */
const ERRORS = new Set([
  'RequestError',
  'UsageError',
  'failure',
  'refuse',
  'refused',
  'fail',
  'warn',
  'Error',
]);
const FIELDS = new Set(['refused', 'message', 'reason', 'problem', 'advice']);

/** Names of programs, files and options as they are written. */
const IN_NAMES = /["`][^"`]*["`]|\$\{\}|\/\S+|\S+\.\S+|\b(iBGP|IPv[46]|pcapng|macOS|octolinkd?)\b/g;

const CAMEL_CASE = /\b[a-z]+[A-Z][a-z]\w*/;

function help(): string[] {
  const commands = [
    ...execCommands(true),
    ...PIPE_STAGES,
    ...CONFIG_MODES.flatMap((mode) => CONFIG_COMMANDS[mode]),
  ];
  return [...new Set(commands.flatMap(({ tokens }) => plainTokens(tokens).map((token) => token.help)))];
}

interface Text {
  place: string;
  text: string;
}

/** The texts of errors in a file; what is inserted is left out. */
function errorsIn(file: string): Text[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const found: Text[] = [];
  const take = (given: ts.Expression): void => {
    const text = wordsOf(given);
    const { line } = source.getLineAndCharacterOfPosition(given.getStart());
    if (text?.includes(' ')) found.push({ place: `${file}:${line + 1}`, text });
  };
  const visit = (node: ts.Node): void => {
    const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
    if (isCall && ERRORS.has(node.expression.getText())) node.arguments?.forEach(take);
    // In tables of commands they are words of the grammar, with their help.
    if (
      !file.startsWith('src/cli/commands/') &&
      ts.isPropertyAssignment(node) &&
      FIELDS.has(node.name.getText())
    )
      take(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function wordsOf(node: ts.Expression): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }) => `\${}${literal.text}`).join('');
}

const errors = filesUnder('src', /\.ts$/).flatMap(errorsIn);

/** The texts that a rule is broken by, with their places. */
function breaking(rule: (text: string) => boolean): string[] {
  return errors.filter(({ text }) => rule(text)).map(({ place, text }) => `${place} ${text}`);
}

describe('help', () => {
  it('is found', () => expect(help().length).toBeGreaterThan(300));

  it('begins with a capital letter or a name, and ends without a full stop', () => {
    const wrong = help().filter(
      (text) => /^[a-z]/.test(text.replace(/^\S*[A-Z0-9:.]\S*/, 'X')) || /[^.]\.$/.test(text),
    );
    expect(wrong).toEqual([]);
  });

  it('calls no machine "it", "they" or "whoever", and nothing by an identifier', () => {
    expect(help().filter((text) => /^(It|Its|They|Their|Whoever|Those)\b/.test(text))).toEqual([]);
    expect(help().filter((text) => CAMEL_CASE.test(text.replace(IN_NAMES, '')))).toEqual([]);
  });
});

describe('errors', () => {
  it('are found', () => expect(errors.length).toBeGreaterThan(180));

  it('begin in lower case or with a name, and end without a full stop', () => {
    expect(breaking((text) => /^[A-Z][a-z]/.test(text) || /[^.]\.$/.test(text))).toEqual([]);
  });

  it('say "cannot", not "could not", "unable to" or "failed to"', () => {
    expect(breaking((text) => /\b(could not|couldn't|can't|unable to|failed to)\b/i.test(text))).toEqual([]);
  });

  it('speak English: "is not a", "use", "fix", "already exists"', () => {
    expect(breaking((text) => /(?<!there )\bis no [a-z]/.test(text))).toEqual([]);
    expect(breaking((text) => /\b(say|type) ["“]no /.test(text) || /\bmend\b/.test(text))).toEqual([]);
    expect(breaking((text) => /^there is an? \w+ \$\{\} already/.test(text))).toEqual([]);
  });

  it('name nothing by an identifier, nor a machine by a pronoun', () => {
    expect(breaking((text) => CAMEL_CASE.test(text.replace(IN_NAMES, '')))).toEqual([]);
    expect(breaking((text) => /^(it|they) /.test(text))).toEqual([]);
  });
});
