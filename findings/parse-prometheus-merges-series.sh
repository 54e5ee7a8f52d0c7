#!/usr/bin/env bash
# parse-prometheus-text-format 1.1.1: of a summary or histogram with labels one series is left, without its labels, sum and count.
#
# The text holds the round-trip times of two peers, as any client library writes them. One would expect two series, as the parser
# gives for counters and gauges. It puts the buckets of both into one object, so that those of the later series stand for all, drops
# the label, and has neither sum nor count. Summaries go the same way. Without labels all is well, and no error is told.
#
# Octolink: the round-trip times of its links are such a summary, so that of all links and peers one is left. A program should ask
# Prometheus itself, or take the JSON of Octolink. Its counters and gauges are read rightly.
set -euo pipefail

VERSION=1.1.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "parse-prometheus-text-format@$VERSION" >npm.log 2>&1 ||
  cannot "no parse-prometheus-text-format $VERSION"
node --version

cat >metrics.txt <<'TEXT'
# TYPE rtt_seconds histogram
rtt_seconds_bucket{peer="osaka",le="0.1"} 7
rtt_seconds_bucket{peer="osaka",le="+Inf"} 8
rtt_seconds_sum{peer="osaka"} 0.5
rtt_seconds_count{peer="osaka"} 8
rtt_seconds_bucket{peer="kyoto",le="0.1"} 1
rtt_seconds_bucket{peer="kyoto",le="+Inf"} 3
rtt_seconds_sum{peer="kyoto"} 0.9
rtt_seconds_count{peer="kyoto"} 3
# TYPE rtt_summary summary
rtt_summary{peer="osaka",quantile="0.5"} 0.02
rtt_summary_count{peer="osaka"} 8
rtt_summary{peer="kyoto",quantile="0.5"} 0.07
rtt_summary_count{peer="kyoto"} 3
# TYPE frames_total counter
frames_total{peer="osaka"} 5
frames_total{peer="kyoto"} 6
TEXT
cat metrics.txt
said=$(node -e "
  const module = require('parse-prometheus-text-format');
  const parse = module.default ?? module;
  for (const family of parse(require('node:fs').readFileSync('metrics.txt', 'utf8'))) console.log(family.name, JSON.stringify(family.metrics));
")
echo "$said"
expected='rtt_seconds [{"buckets":{"0.1":"1","+Inf":"3"}}]
rtt_summary [{"quantiles":{"0.5":"0.07"}}]
frames_total [{"value":"5","labels":{"peer":"osaka"}},{"value":"6","labels":{"peer":"kyoto"}}]'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: one nameless series is left of two'
