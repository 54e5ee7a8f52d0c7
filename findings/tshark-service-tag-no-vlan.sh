#!/usr/bin/env bash
# tshark 4.0.17: `vlan.id == 100` does not find frames whose tag of VLAN 100 is a service tag (802.1ad, 0x88a8).
#
# Service tag and customer tag have the same form and the same twelve bits of VLAN. For tcpdump and libpcap `vlan 100` is either. For
# tshark a service tag is another protocol with a field of its own, ieee8021ad.id, so that not even the filter `vlan` finds a frame that
# has a service tag alone; and of a frame with both, vlan.id is the inner one only, while of two customer tags vlan.id is both.
#
# Octolink: its switch takes either tag for the outer one, and so does its capture filter `vlan`. In Wireshark ask for
# `vlan.id == 100 || ieee8021ad.id == 100`.
set -euo pipefail

VERSION=4.0.17-0+deb12u3
PACKAGES=("tshark=$VERSION" "wireshark-common=$VERSION" "libwireshark16=$VERSION" "libwireshark-data=$VERSION"
  "libwiretap13=$VERSION" "libwsutil14=$VERSION" libpcap0.8=1.10.3-1 tcpdump=4.99.3-1 libc-ares2 liblua5.2-0 libsmi2ldbl libsnappy1v5)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tshark $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu" HOME="$work"
tools="$work/package/usr/bin"
! ldd "$tools/tshark" | grep 'not found' || cannot 'libraries are missing'
"$tools/tshark" --version 2>/dev/null | sed -n 1p

cat >write.py <<'PROGRAM'
import struct

for name, tags in (('customer', '81000064'), ('service', '88a80064'), ('both', '88a8006481000005'), ('two', '8100006481000005')):
    frame = bytes.fromhex('020000000009' '020000000008' + tags + '88b5') + bytes(46)
    with open(f'{name}.pcap', 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + struct.pack('<IIII', 0, 0, len(frame), len(frame)) + frame)
PROGRAM
python3 write.py

# found FILE: the filters that find its frame.
found() {
  local filter
  [ -z "$("$tools/tcpdump" -Z root -n -r "$1.pcap" 'vlan 100' 2>>errors.log)" ] || printf 'tcpdump[vlan 100] '
  for filter in vlan 'vlan.id == 100' 'vlan.id == 5' 'ieee8021ad.id == 100'; do
    [ -z "$("$tools/tshark" -r "$1.pcap" -Y "$filter" 2>>errors.log)" ] || printf 'tshark[%s] ' "$filter"
  done
}
said=$(for file in customer service both two; do echo "$file: $(found "$file")"; done | sed 's/ $//')
echo "$said"
expected='customer: tcpdump[vlan 100] tshark[vlan] tshark[vlan.id == 100]
service: tcpdump[vlan 100] tshark[ieee8021ad.id == 100]
both: tcpdump[vlan 100] tshark[vlan] tshark[vlan.id == 5] tshark[ieee8021ad.id == 100]
two: tcpdump[vlan 100] tshark[vlan] tshark[vlan.id == 100] tshark[vlan.id == 5]'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: to vlan.id a service tag is none'
