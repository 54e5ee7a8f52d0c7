/**
 * Node's HTTP modules, loaded when they are first asked for. Not by `import`: that reads every member of a built-in module,
 * and one member of `node:http` loads fetch and WebSocket, which takes as long as a bare start of Node.
 */

/** `node:http`. */
export function nodeHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}

/** `node:https`. */
export function nodeHttps(): typeof import('node:https') {
  return process.getBuiltinModule('node:https');
}
