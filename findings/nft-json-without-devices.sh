#!/usr/bin/env bash
# nftables 1.0.6: the JSON of a ruleset lacks the devices of chains at ingress and egress, so that nft cannot read it back.
#
# One would expect `nft -j list ruleset` to be what `nft -j -f` takes, as the text is, and as it is for chains of other families. For a
# chain of the family netdev the key "dev" is missing, with one device as with several, and status and stderr say nothing; loading it
# fails with "Missing `device' in this chain definition", and with it everything else of the file.
#
# Octolink: rules on octo0 at ingress (before the bridge sees a frame) are such chains. Keep a ruleset as text.
set -euo pipefail

NFT=1.0.6-2+deb12u2
cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "nftables=$NFT" "libnftables1=$NFT" libnftnl11=1.2.4-2 libjansson4=2.14-2 libxtables12=1.8.9-2 libmnl0=1.0.4-3 \
  >download.log 2>&1 || cannot "no nftables $NFT"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu" PATH="$work/package/usr/sbin:$PATH"
! ldd package/usr/sbin/nft | grep 'not found' || cannot 'libraries are missing'
nft --version

cat >rules <<'RULES'
table inet other {
  chain input { type filter hook input priority 0; tcp dport 22 accept; }
}
table netdev early {
  chain one { type filter hook ingress device "wire" priority 0; ether type 0x88cc drop; }
  chain two { type filter hook ingress devices = { wire, other } priority 10; ether type 0x88cd drop; }
}
RULES

cat >try.sh <<'TRY'
set -u
ip link add wire type veth peer name other
nft -f rules || exit 77
nft list ruleset >first.txt
nft -j list ruleset >ruleset.json || exit 77
nft flush ruleset
nft -f first.txt && nft list ruleset | cmp -s - first.txt || exit 77
echo 'as text: read back as it was'
python3 - <<'PROGRAM'
import json
for item in json.load(open('ruleset.json'))['nftables']:
    if 'chain' in item:
        print('as JSON:', json.dumps({key: value for key, value in item['chain'].items() if key != 'handle'}))
PROGRAM
nft flush ruleset
nft -j -f ruleset.json 2>errors.txt && exit 2
echo "read back: $(sed -n 1p errors.txt); $(nft list ruleset | grep -c .) lines are loaded"
grep -q "Missing .device. in this chain" errors.txt && ! grep -q '"dev"' ruleset.json && [ -z "$(nft list ruleset)" ] || exit 2
TRY
status=0
unshare -n bash try.sh || status=$?
case $status in
  0) echo 'as stated: the JSON has no devices and cannot be read back' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel does not take the rules' ;;
esac
