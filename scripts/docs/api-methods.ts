/** The methods of the control API, read from the source that defines them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { MethodName } from '../../src/api/index.js';
import { METHODS } from '../../src/daemon/methods/index.js';

const ROOT = new URL('../../../', import.meta.url);
const SOURCES = [
  'src/api/methods.ts',
  'src/api/configuration.ts',
  'src/api/links.ts',
  'src/api/clients.ts',
  'src/api/invitations.ts',
  'src/api/expiry.ts',
  'src/api/logging.ts',
  'src/api/debug.ts',
];

export interface ApiMethod {
  name: string;
  /** As types of `src/api/`. */
  params: string;
  result: string;
  /** Its docstring. */
  note: string;
  isAdmin: boolean;
}

/** All of them, in the order of the source. */
export function apiMethods(): ApiMethod[] {
  return SOURCES.flatMap((file) => methodsOf(fileURLToPath(new URL(file, ROOT))));
}

function methodsOf(path: string): ApiMethod[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const tables = source.statements.filter(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text.endsWith('Methods'),
  );
  return tables.flatMap(({ members }) => members.filter(ts.isPropertySignature).map(methodOf));
}

function methodOf(member: ts.PropertySignature): ApiMethod {
  const name = ts.isStringLiteral(member.name) ? member.name.text : member.name.getText();
  const [comment] = ts.getJSDocCommentsAndTags(member);
  return {
    name,
    params: partOf(member, 'params').replace(/^(Record<string, never>|None)$/, 'none'),
    result: partOf(member, 'result'),
    note: comment === undefined ? '' : (ts.getTextOfJSDocComment(comment.comment) ?? ''),
    isAdmin: METHODS[name as MethodName].privilege === 'admin',
  };
}

function partOf({ type, name }: ts.PropertySignature, part: 'params' | 'result'): string {
  const found =
    type && ts.isTypeLiteralNode(type)
      ? type.members.filter(ts.isPropertySignature).find((member) => member.name.getText() === part)
      : undefined;
  if (found?.type === undefined) throw new Error(`the method ${name.getText()} has no ${part}`);
  return found.type.getText().replace(/\s+/g, ' ');
}
