#!/usr/bin/env bash
# prom-client 15.1.3: a summary of the last seconds says that its median is 0 when nothing was observed in them.
#
# With maxAgeSeconds the quantiles of a summary are those of a sliding window. When the window has become empty one would expect NaN, "no
# value", as the clients of Go and Java give, and which Prometheus leaves out of comparisons and pictures. Zero is a value: the round-trip
# time of a dead link becomes the best of all, averages go down, and an alert on a high time falls silent just then. Sum and count stay.
#
# Octolink: does not use the library; the quantiles of a link stay those of the last window in which there were any. Who exports his own
# measurements with it beside Octolink's should set pruneAgedBuckets, which leaves out a series without observations.
set -euo pipefail

VERSION=15.1.3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "prom-client@$VERSION" >npm.log 2>&1 || cannot "no prom-client $VERSION"
node --version

cat >window.cjs <<'PROGRAM'
const { Registry, Summary } = require('prom-client');

// The library's clock, so that nothing has to wait.
let now = Date.now();
Date.now = () => now;

const registry = new Registry();
const options = { help: 'h', labelNames: ['peer'], percentiles: [0.5], maxAgeSeconds: 60, ageBuckets: 2, registers: [registry] };
const kept = new Summary({ ...options, name: 'kept' });
const pruned = new Summary({ ...options, name: 'pruned', pruneAgedBuckets: true });
const show = async (when) => {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  console.log(`${when}: ${lines.join(', ')}`);
};

(async () => {
  for (const summary of [kept, pruned]) summary.observe({ peer: 'osaka' }, 0.25);
  await show('observed');
  now += 300_000;
  await show('five minutes later');
})();
PROGRAM
said=$(node window.cjs)
echo "$said"
expected='observed: kept{quantile="0.5",peer="osaka"} 0.25, kept_sum{peer="osaka"} 0.25, kept_count{peer="osaka"} 1, pruned{quantile="0.5",peer="osaka"} 0.25, pruned_sum{peer="osaka"} 0.25, pruned_count{peer="osaka"} 1
five minutes later: kept{quantile="0.5",peer="osaka"} 0, kept_sum{peer="osaka"} 0.25, kept_count{peer="osaka"} 1'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: without observations the median is 0, or the series is pruned'
