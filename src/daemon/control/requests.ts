/** Bytes of a line, and the JSON in them. */

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads one line. Throws on what is no UTF-8, no JSON, or JSON that could reach the prototype of an object. */
export function decodeMessage(line: Uint8Array): unknown {
  return JSON.parse(utf8.decode(line), refusePrototypeKeys);
}

function refusePrototypeKeys(key: string, value: unknown): unknown {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype')
    throw new SyntaxError('unsafe key');
  return value;
}
