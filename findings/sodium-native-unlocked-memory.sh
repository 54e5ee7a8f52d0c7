#!/usr/bin/env bash
# sodium-native 5.1.0: sodium_malloc returns a buffer marked `secure` although its memory could not be locked.
#
# One would expect an exception or `secure: false` once the limit on locked memory (RLIMIT_MEMLOCK) is used up, since
# sodium_mlock of the same library does throw then. Instead further buffers are returned, marked as before, while the
# kernel's count of locked memory (VmLck) no longer grows: what they hold can be swapped out.
#
# Octolink: under a limit of 64 KiB this begins with the 17th secret. Only VmLck in /proc/self/status shows whether memory
# was locked; a daemon that cares has to look there and warn.
set -euo pipefail

VERSION=5.1.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

chmod 755 "$work"
cd "$work"
echo '{ "private": true }' >package.json
npm install --cache "$work/cache" --ignore-scripts --no-audit --no-fund --loglevel=error "sodium-native@$VERSION" >npm.log 2>&1 ||
  cannot "no sodium-native $VERSION"

cat >program.cjs <<'PROGRAM'
const { readFileSync } = require('node:fs');
const sodium = require('sodium-native');

const lockedKiB = () => Number(/VmLck:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
console.log(`sodium-native ${require('sodium-native/package.json').version}, Node ${process.version}`);

const buffers = [];
let unlocked = 0;
for (let count = 1; count <= 24; count++) {
  const before = lockedKiB();
  const buffer = sodium.sodium_malloc(32);
  buffers.push(buffer);
  if (lockedKiB() > before) continue;
  unlocked++;
  if (unlocked === 1) {
    console.log(`buffer ${count}: secure ${buffer.secure}, VmLck stays at ${lockedKiB()} KiB`);
  }
  if (buffer.secure !== true) process.exit(1);
}
let refused = false;
try {
  sodium.sodium_mlock(Buffer.alloc(8192));
} catch (error) {
  refused = true;
  console.log(`sodium_mlock at the same limit throws: ${error.message || error.code}`);
}
console.log(`${unlocked} of ${buffers.length} buffers are marked secure and not locked`);
process.exit(unlocked > 0 && refused ? 0 : 1);
PROGRAM

# Root may lock without limit, so the program runs as nobody.
run=(node program.cjs)
if [ "$(id -u)" = 0 ]; then
  command -v setpriv >/dev/null || cannot 'setpriv is missing'
  run=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all "${run[@]}")
fi
ulimit -l 64
if "${run[@]}"; then
  echo 'as stated: beyond the limit sodium_malloc returns memory that is marked secure and not locked'
else
  echo 'CHANGED: memory that could not be locked is now refused or marked'
  exit 1
fi
