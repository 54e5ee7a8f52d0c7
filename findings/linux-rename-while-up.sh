#!/usr/bin/env bash
# Linux 6.18: a device that is up and in use can be renamed; sockets follow it, rules of the firewall do not.
#
# For decades `ip link set NAME name OTHER` was refused (EBUSY) while the device was up, and programs relied on it: a name stood for
# one device as long as that was in use. One would expect the same still; ip-link(8) only advises against it. It succeeds. A socket
# that is bound to the device goes on and says that it is bound to the new name, routes and `oif` rules stay with the device, while
# `oifname` rules and chains of the family netdev for the old name no longer see a packet, without an error or a line in the log.
#
# Octolink: links follow interfaces by name: after a rename `local eth1` waits for `interface absent`. Rename before octolinkd
# starts, and look through the rules of nftables when a card gets another name.
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

cat >rename.py <<'PROGRAM'
"""Renames a device that is up and prints what a bound socket and rules make of it."""
import json, socket, subprocess, sys

SO_BINDTODEVICE = 25
RULES = '''table inet lan { chain out { type filter hook output priority 0
  oifname "wire" udp dport 9 counter comment "oifname"
  oif "wire" udp dport 9 counter comment "oif"
}
}
table netdev early { chain out { type filter hook egress device "wire" priority 0
  udp dport 9 counter comment "chain of the device"
}
}
'''

def run(words, **more):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, **more).stdout

for words in ('ip link add wire type veth peer name other', 'ip link set other up', 'ip link set wire addrgenmode none up',
              'ip addr add 192.0.2.1/24 dev wire', 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire'):
    run(words)
run('nft -f -', input=RULES.encode())
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b'wire')

def send(when):
    sender.sendto(b'x', ('192.0.2.2', 9))
    counted = {}
    for item in json.loads(run('nft -j list ruleset'))['nftables']:
        if 'comment' in item.get('rule', {}):
            counted[item['rule']['comment']] = next(part['counter']['packets'] for part in item['rule']['expr'] if 'counter' in part)
    name = sender.getsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, 16).rstrip(b'\0').decode()
    print(f'{when}: the socket is bound to "{name}"; counted so far: {counted}')
    return name, counted

before = send('wire')
renamed = subprocess.run('ip link set wire name cable'.split(), check=False, stderr=subprocess.PIPE)
if renamed.returncode:
    print(renamed.stderr.decode().strip())
    sys.exit(2)
flags = json.loads(run('ip -j link show cable'))[0]['flags']
after = send(f"renamed to cable ({'up' if 'UP' in flags else 'down'})")
names = ('oifname', 'oif', 'chain of the device')
sys.exit(0 if 'UP' in flags and before == ('wire', dict.fromkeys(names, 1)) and after == ('cable', {**dict.fromkeys(names, 1), 'oif': 2}) else 2)
PROGRAM
status=0
unshare -n python3 rename.py || status=$?
case $status in
  0) echo 'as stated: renamed while up; the socket and the rule by index follow, the others do not' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel does not take the rules' ;;
esac
