#!/usr/bin/env bash
# etcd 3.4.23: a comparison of a transaction that names a value but no `target` is true for a key that is absent, and false for one
# that has this value.
#
# The JSON gateway answers 200 and takes {"key": …, "value": …} for a comparison of the version with 0, because the missing fields are
# filled with the first of each enumeration: VERSION, EQUAL, 0. One would expect the value to be compared, since it is the only thing
# that was given, or an error, as for other requests that make no sense. The same with "mod_revision": a put that shall only replace
# revision 2 does not, and one that shall replace what does not exist any more makes it.
#
# Octolink: it writes a key of its own for each member and needs no transaction. Whoever adds one must write "target" each time and test
# both branches: a wrong transaction looks like one that lost a race.
set -euo pipefail

VERSION=3.4.23-4+b4
CLIENT=127.0.0.1:23791
PEER=127.0.0.1:23801

work=$(mktemp -d)
etcd=
clean_up() {
  [ -z "$etcd" ] || kill "$etcd" 2>/dev/null || true
  [ -z "$etcd" ] || wait "$etcd" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v curl >/dev/null || cannot 'curl is missing'
apt-get download -q "etcd-server=$VERSION" >download.log 2>&1 || cannot "no etcd-server $VERSION"
dpkg -x etcd-server_*.deb package
package/usr/bin/etcd --version | sed -n 1p

package/usr/bin/etcd --data-dir data --listen-client-urls "http://$CLIENT" --advertise-client-urls "http://$CLIENT" \
  --listen-peer-urls "http://$PEER" --initial-advertise-peer-urls "http://$PEER" \
  --initial-cluster "default=http://$PEER" >etcd.log 2>&1 &
etcd=$!
for _ in $(seq 100); do
  kill -0 "$etcd" 2>/dev/null || cannot "etcd ended: $(tail -1 etcd.log)"
  curl -sf "http://$CLIENT/health" >health.json && grep -q '"true"' health.json && break
  sleep 0.1
done

value=$(printf old | base64)
there=$(printf there | base64)
curl -sf "http://$CLIENT/v3/kv/put" -d "{\"key\": \"$there\", \"value\": \"$value\"}" >/dev/null || cannot 'etcd does not take a key'
revision=$(curl -sf "http://$CLIENT/v3/kv/range" -d "{\"key\": \"$there\"}" | sed 's/.*"mod_revision":"\([0-9]*\)".*/\1/')
echo "the key \"there\" has the value \"old\" and the revision $revision; the key \"absent\" is absent"

# compares KEY COMPARISON: prints whether a transaction with it succeeds, which etcd tells by the field `succeeded`.
compares() {
  local key
  key=$(printf %s "$1" | base64)
  curl -s -o answer.json -w '%{http_code} ' "http://$CLIENT/v3/kv/txn" -d "{\"compare\": [{\"key\": \"$key\", $2}]}"
  if grep -q '"succeeded":true' answer.json; then echo true; else echo false; fi
}

failed=
# check KEY COMPARISON EXPECTED
check() {
  local found
  found=$(compares "$1" "$2")
  echo "$1: $2 -> $found"
  [ "$found" = "$3" ] || failed=yes
}
check there "\"target\": \"VALUE\", \"value\": \"$value\"" '200 true'
check absent "\"target\": \"VALUE\", \"value\": \"$value\"" '200 false'
check there "\"target\": \"MOD\", \"mod_revision\": \"$revision\"" '200 true'
check there "\"value\": \"$value\"" '200 false'
check absent "\"value\": \"$value\"" '200 true'
check there "\"mod_revision\": \"$revision\"" '200 false'
check absent "\"mod_revision\": \"$revision\"" '200 true'
[ -z "$failed" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: without a target only an absent key compares as equal, whatever value is given'
