/** The border: what a client sends, decoded and checked before anything else sees it. */
import { z } from 'zod';
import type { MethodName, Methods } from '../../api/index.js';
import type { Method } from '../methods/method.js';
import { requestId } from '../methods/params.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads one line. Throws on invalid UTF-8 or JSON, and on JSON that could reach the prototype of an object. */
export function decodeMessage(line: Uint8Array): unknown {
  return JSON.parse(utf8.decode(line), refusePrototypeKeys);
}

function refusePrototypeKeys(key: string, value: unknown): unknown {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
    throw new SyntaxError('unsafe key');
  }
  return value;
}

const envelope = z.strictObject({
  jsonrpc: z.literal('2.0'),
  /** Absent: a notification, which is not answered. */
  id: requestId.optional(),
  method: z.string().max(64),
  params: z.unknown().optional(),
});

export type Envelope = z.infer<typeof envelope>;

/** A request's envelope, or a sentence that says what is wrong with it. */
export function checkEnvelope(message: unknown): Envelope | { wrong: string } {
  if (Array.isArray(message)) return { wrong: 'a batch stands alone on its line' };
  const result = envelope.safeParse(message);
  return result.success ? result.data : { wrong: firstIssue(result.error) };
}

/** The parameters of a method, or a sentence that says what is wrong with them. */
export function checkParams<M extends MethodName>(
  method: Method<M>,
  params: unknown,
): { params: Methods[M]['params'] } | { wrong: string } {
  const result = method.params.safeParse(params ?? {});
  return result.success
    ? { params: result.data as Methods[M]['params'] }
    : { wrong: firstIssue(result.error) };
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  return [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
}
