#!/usr/bin/env bash
# sonic-boom 4.2.1 (what pino 10.4.0 writes with): flush(callback) of an asynchronous stream calls back without an error while
# lines that were written before it have not reached the file, as long as the option minLength is 0, which is the default.
#
# One would expect that the callback of a flush comes when everything handed over before it has been written, as it does with
# minLength 1. (Its README says that flush does nothing while minLength is 0; that it then reports success is not said, and pino's
# documentation of logger.flush promises a callback once the destination is flushed.) A program that flushes its log and then ends loses the lines of its last moments, which say why it ended.
#
# Octolink: the daemon flushes its log before it exits; it sets minLength to 1, and a test reads the last lines.
set -euo pipefail

VERSION=4.2.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "sonic-boom@$VERSION" >npm.log 2>&1 || cannot "no sonic-boom $VERSION"
node --version

# written MIN_LENGTH: how many of four lines are in the file when the flush is reported as done.
written() {
  node -e "
    const { SonicBoom } = require('sonic-boom');
    const { openSync, readFileSync } = require('node:fs');
    const stream = new SonicBoom({ fd: openSync('log', 'w'), sync: false, minLength: $1 });
    for (const line of ['one', 'two', 'three', 'four']) stream.write(line + '\n');
    stream.flush((error) => {
      if (error) throw error;
      console.log(readFileSync('log', 'utf8').split('\n').length - 1);
    });
  "
}

preset=$(written 0)
least=$(written 1)
echo "sonic-boom $VERSION, four lines, then flush: with minLength 0 $preset of them are written when it calls back, with minLength 1 $least"
[[ $preset -lt 4 ]] || { echo 'CHANGED: the flush now waits for what was written before it'; exit 1; }
[[ $least = 4 ]] || { echo 'CHANGED: the flush no longer waits even with a least length'; exit 1; }
echo 'as stated: the flush is reported as done before the lines are written'
