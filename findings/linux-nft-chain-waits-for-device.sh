#!/usr/bin/env bash
# Linux 6.18 with nftables 1.0.6: a chain at the ingress of a device needs no device: it waits for one, and outlives it.
#
# A base chain of the family netdev belongs to a device, and older kernels refused one that did not exist and deleted the chain,
# rules and counters included, with its device. One would expect either still. The chain is accepted for a name that nothing has, is
# listed like any other, filters from the first frame once a device of that name appears, stays when it goes, and takes the next.
#
# Octolink: rules at ingress of octo0 can be loaded before octolinkd starts, and they survive its restart. On older kernels they
# must be loaded after each start; and on this one a mistyped name is no error.
set -euo pipefail

NFT=1.0.6-2+deb12u2
cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
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
"""Loads a chain for a TAP that does not exist, makes the TAP twice, and prints what the chain counts."""
import fcntl, json, os, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = bytes.fromhex('ffffffffffff' '020000000001' '88b5') + bytes(50)

def run(words, **more):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, **more).stdout

def counted():
    """Packets that the chain has dropped; None: it is gone."""
    for item in json.loads(run('nft -j list ruleset'))['nftables']:
        if 'rule' in item:
            return next(part['counter']['packets'] for part in item['rule']['expr'] if 'counter' in part)
    return None

loaded = subprocess.run(['nft', '-f', '-'], check=False, stderr=subprocess.PIPE, input=(
    b'table netdev early { chain in { type filter hook ingress device "tap7" priority 0; ether type 0x88b5 counter drop\n}\n}\n'))
if loaded.returncode:
    print(f'without the device: {loaded.stderr.decode().splitlines()[0]}')
    sys.exit(2)
found = [counted()]
print(f'without the device: accepted, counted {found[-1]}')
for when in ('made', 'made again'):
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap7', IFF_TAP_NO_PI))
    run('ip link set tap7 addrgenmode none up')
    os.write(tap, FRAME)
    found.append(counted())
    os.close(tap)
    is_gone = 'tap7' not in {name for _, name in socket.if_nameindex()}
    print(f"{when}: one frame written, counted {found[-1]}; closed: {'the device is gone' if is_gone else 'the device stays'}, the chain "
          f"{'stays' if counted() is not None else 'is gone'}")
    found.append(counted() if is_gone else 'the device stays')
sys.exit(0 if found == [0, 1, 1, 2, 2] else 2)
PROGRAM
status=0
unshare -n python3 try.py || status=$?
case $status in
  0) echo 'as stated: the chain comes before its device, outlives it and takes the next' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel does not take the rules' ;;
esac
