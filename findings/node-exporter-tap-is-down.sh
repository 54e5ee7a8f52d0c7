#!/usr/bin/env bash
# prometheus-node-exporter 1.5.0: node_network_up is 0 for a TAP that works, and turns 1 when its carrier has been away once.
#
# The metric is 1 only for the operational state "up". A TAP that a program holds has its carrier and carries frames, but Linux
# leaves its state (RFC 2863) at "unknown" until the carrier changes for the first time. One would expect 1, as node_network_carrier
# has it, and the same figure for the same device on all hosts: it depends on what happened to the carrier since the device was
# made. An alarm on node_network_up == 0 fires for good on the healthy one.
#
# Octolink: octo0 is such a device. Watch the metrics of octolinkd, or node_network_carrier.
set -euo pipefail

VERSION=1.5.0-1+b6
cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "prometheus-node-exporter=$VERSION" >download.log 2>&1 || cannot "no prometheus-node-exporter $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
exporter=package/usr/bin/prometheus-node-exporter
"$exporter" --version 2>&1 | head -1
echo "Linux $(uname -r)"

cat >metrics.py <<'PROGRAM'
"""Holds a TAP, and prints what the exporter says of it before and after its carrier has been away."""
import fcntl, os, socket, struct, subprocess, sys, time, urllib.request

TUNSETIFF, TUNSETCARRIER, IFF_TAP_NO_PI = 0x400454CA, 0x400454E2, 0x1002
ADDRESS = '127.0.0.1:9100'
FRAME = bytes.fromhex('ffffffffffff' '020000000001' '88b5') + bytes(50)

def ip(words):
    subprocess.run(['ip', *words.split()], check=True)

def carrier(on):
    fcntl.ioctl(tap, TUNSETCARRIER, struct.pack('i', on))
    # Reading the file makes the kernel handle the change at once.
    with open('/sys/class/net/tap0/carrier') as file:
        assert file.read().strip() == str(on)

def metrics():
    for _ in range(100):
        try:
            with urllib.request.urlopen(f'http://{ADDRESS}/metrics', timeout=10) as answer:
                lines = answer.read().decode().splitlines()
            break
        except OSError:
            time.sleep(0.1)
    values = {line.split('{')[0]: float(line.split()[-1]) for line in lines if 'device="tap0"' in line and not line.startswith('#')}
    return {name: int(values[f'node_network_{name}']) for name in ('up', 'carrier', 'receive_packets_total')}

ip('link set lo up')
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
ip('link set tap0 addrgenmode none up')
exporter = subprocess.Popen([sys.argv[1], f'--web.listen-address={ADDRESS}', '--collector.disable-defaults', '--collector.netclass',
                             '--collector.netdev'], stderr=subprocess.DEVNULL)
try:
    found = []
    for when in ('new', 'its carrier went and came back'):
        os.write(tap, FRAME)
        with open('/sys/class/net/tap0/operstate') as file:
            state = file.read().strip()
        found.append((state, *metrics().values()))
        print(f'{when}: state {state}, node_network_up {found[-1][1]}, node_network_carrier {found[-1][2]}, packets received {found[-1][3]}')
        carrier(0)
        carrier(1)
finally:
    exporter.terminate()
    exporter.wait()
sys.exit(0 if found == [('unknown', 0, 1, 1), ('up', 1, 1, 2)] else 2)
PROGRAM
status=0
unshare -n -m sh -c "mount -t sysfs sysfs /sys && exec python3 metrics.py $exporter" || status=$?
case $status in
  0) echo 'as stated: a TAP that works is not up until its carrier has changed' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the exporter does not answer' ;;
esac
