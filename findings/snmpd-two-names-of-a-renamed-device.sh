#!/usr/bin/env bash
# snmpd 5.9.3: of a device that is renamed ifDescr gives the new name and ifName the old one, and two that swap names are told apart wrongly.
#
# Linux gives a device another name and leaves its index. One would expect both names in the tables of snmpd to follow, or neither. ifDescr
# follows; ifName stays as it was for as long as snmpd runs, after SIGHUP too and with `interface_replace_old`. A line of the log, once for all,
# says that "such interfaces will keep its old name in IF-MIB", its manual pages nothing. ifName is "the textual name of the interface"
# (RFC 2863), by which programs of monitoring find an interface whose index changes: after a swap they read the counters of the other.
#
# Octolink: octo0 is renamed, or takes the name of the TAP of an older VPN that is moved aside. A graph of octo0 goes on with the figures
# of the other. Restart snmpd after a device was renamed.
set -euo pipefail

VERSION=5.9.3+dfsg-2+deb12u1
PACKAGES=("snmpd=$VERSION" "snmp=$VERSION" "libsnmp40=$VERSION" libpci3=1:3.9.0-4 libsensors5=1:3.6.0-7.1)

cannot() { echo "cannot be tried here: $1"; exit 77; }
if [ "$(id -u)" != 0 ] || [ ! -e /dev/net/tun ]; then cannot 'it needs root and /dev/net/tun'; fi
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no snmpd $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
export LD_LIBRARY_PATH
export PATH="$work/package/usr/bin:$work/package/usr/sbin:$PATH"
for program in snmpd snmpwalk; do ! ldd "$(command -v "$program")" | grep 'not found' || cannot 'libraries are missing'; done
snmpd -v | sed -n '/version/p'
echo "Linux $(uname -r)"

cat >names.py <<'PROGRAM'
"""Swaps the names of two TAPs, one of which has received something, and prints what snmpd says of them."""
import fcntl, os, struct, subprocess, sys, time

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = b'\xff' * 6 + bytes.fromhex('02000000000188b5') + bytes(986)
AGENT = 'udp:127.0.0.1:1161'
DESCRIPTION, NAME, RECEIVED = '1.3.6.1.2.1.2.2.1.2', '1.3.6.1.2.1.31.1.1.1.1', '1.3.6.1.2.1.31.1.1.1.6'
CANNOT, SECONDS_OF_A_CACHE = 77, 15


def ip(words):
    subprocess.run(['ip', *words.split()], check=True)


def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP_NO_PI))
    ip(f'link set {name} addrgenmode none up')
    return fd


def index(name):
    with open(f'/sys/class/net/{name}/ifindex') as file:
        return int(file.read())


def column(oid):
    """A column of the table of interfaces, by their indexes."""
    walk = ['snmpwalk', '-v2c', '-c', 'here', '-On', '-OQ', '-r', '20', '-t', '1', AGENT, oid]
    lines = subprocess.run(walk, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {int(key.rpartition('.')[2]): value.strip('"') for key, value in (line.split(' = ') for line in lines)}


def told():
    descriptions, names, received = column(DESCRIPTION), column(NAME), column(RECEIVED)
    return {number: (descriptions[number], names[number], int(received[number])) for number in indexes}


ip('link set lo up')
taps = [tap('octo0'), tap('tap1')]
indexes = [index('octo0'), index('tap1')]
for _ in range(10):
    os.write(taps[0], FRAME)
with open('snmpd.conf', 'w') as file:
    file.write('rocommunity here 127.0.0.1\ninterface_replace_old yes\n')
agent = subprocess.Popen(['snmpd', '-f', '-Lf', 'snmpd.log', '-C', '-c', 'snmpd.conf', '-p', 'snmpd.pid', '-I', 'ifTable,ifXTable', AGENT])
try:
    found = []
    for when, former, latter in (('before', 'octo0', 'tap1'), ('names swapped', 'tap1', 'octo0')):
        print(f'{when}: Linux has {indexes[0]} {former}, which received 10,000 bytes, and {indexes[1]} {latter}, which received none')
        end = time.monotonic() + 3 * SECONDS_OF_A_CACHE
        while (answer := told())[indexes[0]][0] != former and time.monotonic() < end:
            time.sleep(1)
        found.append(list(answer.values()))
        for number, (description, name, received) in answer.items():
            print(f'  snmpd: {number} ifDescr {description}, ifName {name}, ifHCInOctets {received:,}')
        if when == 'before':
            for change in ('octo0 name aside', 'tap1 name octo0', 'aside name tap1'):
                ip(f'link set {change}')
except (subprocess.CalledProcessError, KeyError):
    sys.exit(CANNOT)
finally:
    agent.terminate()
    agent.wait()
is_as_stated = found == [[('octo0', 'octo0', 10_000), ('tap1', 'tap1', 0)], [('tap1', 'octo0', 10_000), ('octo0', 'tap1', 0)]]
sys.exit(0 if is_as_stated else 2)
PROGRAM

status=0
export MIBS='' SNMP_PERSISTENT_DIR="$work/persistent" SNMPCONFPATH="$work"
mkdir -p persistent/cert_indexes
unshare -n -m -p -f --kill-child sh -c 'mount -t proc proc /proc && mount -t sysfs sysfs /sys && exec python3 names.py' || status=$?
case $status in
  0) echo 'as stated: ifDescr follows a new name, ifName does not' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'snmpd or a TAP does not work here' ;;
esac
