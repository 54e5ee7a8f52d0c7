#!/usr/bin/env bash
# etcd 3.4.23: keeping alive a lease that no longer exists is answered with 200 and the id of the lease.
#
# One would expect the "requested lease not found" (404) that revoking such a lease gives. The only difference from the
# answer for a living lease is that the field TTL is missing. A member that renews its lease and looks only at the status
# believes that it is registered, while everybody else has seen it disappear.
#
# Octolink: a directory of peers kept in etcd must look for TTL in the answer and, if it is missing, grant a new lease.
set -euo pipefail

VERSION=3.4.23-4+b4
CLIENT=127.0.0.1:23790
PEER=127.0.0.1:23800

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

# call METHOD BODY: prints the request, leaves the answer in $body and its status in $status.
call() {
  status=$(curl -s -o answer.json -w '%{http_code}' "http://$CLIENT/v3/lease/$1" -d "$2")
  body=$(cat answer.json)
  echo "$1 $2 -> $status $body"
}

call grant '{"ID": 4711, "TTL": 60}'
call keepalive '{"ID": 4711}'
[[ $status = 200 && $body = *'"TTL":"60"'* ]] || { echo 'CHANGED: a living lease is not kept alive as before'; exit 1; }
call revoke '{"ID": 4711}'
call keepalive '{"ID": 4711}'
if ! [[ $status = 200 && $body = *'"ID":"4711"'* && $body != *TTL* ]]; then
  echo 'CHANGED: keeping a lease alive that is gone no longer looks like success'
  exit 1
fi
call revoke '{"ID": 4711}'
[[ $status = 404 ]] || { echo 'CHANGED: revoking a lease that is gone is not answered with 404'; exit 1; }
echo 'as stated: the keepalive of a lease that is gone is answered with 200 and its id; only TTL is missing'
