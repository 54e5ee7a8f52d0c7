#!/usr/bin/env bash
# nftables 1.0.6 on Linux 6.18: a rule with the alternative name of a device is accepted and never matches.
#
# A device may have alternative names (`ip link property add … altname`). `ip`, `tc`, `ethtool`, if_nametoindex and SO_BINDTODEVICE
# take one for the other, so one would expect `oifname` to do so, or nft to refuse the name as it does with `oif` ("Interface does not
# exist"). The rule is listed, and its counter stays at 0, as that of `iptables -o` does: the packet has one name only. SO_BINDTODEVICE
# even gives back the first name when it was bound by the second.
#
# Octolink: `local NAME` of a link and rules of the firewall may name one card differently. In rules use the name that `ip -br link`
# prints first.
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
echo "$(nft --version), Linux $(uname -r)"

cat >try.py <<'PROGRAM'
"""Names a device in two ways, in rules and elsewhere, and sends one packet."""
import json, socket, subprocess, sys

SO_BINDTODEVICE = 25

def run(words, **more):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, **more).stdout

for words in ('ip link add wire type veth peer name other', 'ip link property add dev wire altname cable', 'ip link set other up',
              'ip link set wire addrgenmode none up', 'ip addr add 192.0.2.1/24 dev wire', 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire'):
    run(words)
rules = ''.join(f'oifname "{name}" udp dport 9 counter comment "{name}"; ' for name in ('wire', 'cable'))
run('nft -f -', input=f'table inet lan {{ chain out {{ type filter hook output priority 0; {rules}}}\n}}\n'.encode())
by_index = subprocess.run(['nft', 'add rule inet lan out oif cable accept'], stderr=subprocess.PIPE, check=False)
print(f"oif cable: {by_index.stderr.decode().splitlines()[0] if by_index.returncode else 'accepted'}")
same = socket.if_nametoindex('wire') == socket.if_nametoindex('cable')
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b'cable')
    bound = sender.getsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, 16).rstrip(b'\0').decode()
    sender.sendto(b'x', ('192.0.2.2', 9))
print(f'if_nametoindex: {"the same device" if same else "two devices"}; a socket bound to "cable" is bound to "{bound}"')
seen = {}
for item in json.loads(run('nft -j list ruleset'))['nftables']:
    if 'comment' in item.get('rule', {}):
        seen[item['rule']['comment']] = next(part['counter']['packets'] for part in item['rule']['expr'] if 'counter' in part)
print(f'one packet sent; counted by oifname: {seen}')
sys.exit(0 if by_index.returncode and same and bound == 'wire' and seen == {'wire': 1, 'cable': 0} else 2)
PROGRAM
status=0
unshare -n python3 try.py || status=$?
case $status in
  0) echo 'as stated: the rule with the other name is accepted and counts nothing' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel does not take the rules or names' ;;
esac
