#!/usr/bin/env bash
# glossy 0.1.7 and nsyslog-parser 0.10.1: with structured data (RFC 5424) a parser loses words of the message, or a whole element.
#
# glossy takes the last "] " of the line for the end of the structured data: of "link [2] to osaka is up" is left "to osaka is up",
# and the rest is nowhere. The same message without structured data is whole. nsyslog-parser keeps the message, but of two elements it
# loses the one whose value has an escaped quote (\"), as the RFC prescribes it. Neither tells of an error. One would expect the end
# of an element to be the first `]` that is not escaped (section 6.3.3).
#
# Octolink: its syslog lines have no structured data, which is the form that both read alike. Whoever adds some on the way, by a template of
# rsyslog, should receive it with a full parser (rsyslog, syslog-ng).
set -euo pipefail

GLOSSY=0.1.7
NSYSLOG=0.10.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "glossy@$GLOSSY" "nsyslog-parser@$NSYSLOG" >npm.log 2>&1 ||
  cannot "no glossy $GLOSSY or nsyslog-parser $NSYSLOG"
node --version

cat >parse.cjs <<'PROGRAM'
const glossy = require('glossy');
const nsyslog = require('nsyslog-parser');

for (const rest of [
  '- link [2] to osaka is up',
  '[a@32473 x="1"] link [2] to osaka is up',
  '[a@32473 x="1"][b@32473 y="2"] up',
  '[a@32473 x="the \\"first\\" link"][b@32473 y="2"] up',
]) {
  const line = `<30>1 2026-11-29T00:10:00Z tokyo octolinkd 1 - ${rest}`;
  const one = glossy.Parse.parse(line);
  const other = nsyslog(line);
  console.log(rest);
  console.log('  glossy:', JSON.stringify(one.message), Object.keys(one.structuredData ?? {}).join(' '));
  console.log('  nsyslog-parser:', JSON.stringify(other.message), other.structuredData.map((element) => element.$id).join(' '));
}
PROGRAM
said=$(node parse.cjs | sed 's/ *$//')
echo "$said"
expected='- link [2] to osaka is up
  glossy: "link [2] to osaka is up"
  nsyslog-parser: "link [2] to osaka is up"
[a@32473 x="1"] link [2] to osaka is up
  glossy: "to osaka is up" a@32473
  nsyslog-parser: "link [2] to osaka is up" a@32473
[a@32473 x="1"][b@32473 y="2"] up
  glossy: "up" a@32473 b@32473
  nsyslog-parser: "up" a@32473 b@32473
[a@32473 x="the \"first\" link"][b@32473 y="2"] up
  glossy: "up" a@32473 b@32473
  nsyslog-parser: "up" b@32473'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: one loses the beginning of the message, the other an element'
