#!/usr/bin/env bash
# scapy 2.5.0: the spanning tree message that it puts behind a VLAN tag has 0x8870 where its length belongs.
#
# Without a tag `Dot3()/LLC()/STP()` gets the length of what follows, as IEEE 802.3 has it. With `Dot1Q` between, where 802.1Q leaves the
# field as it is, scapy writes the EtherType 0x8870, a proposal for LLC in jumbo frames that no bridge sends in a BPDU. When it reads the
# frame of a real bridge it shows the length, and copies it if that is what one builds from. tshark and tcpdump decode both, so that the
# mistake is not seen; filters for LLC behind a tag by length miss it.
#
# Octolink: what it does with control frames behind tags (the spanning tree of each VLAN) is to be tried with the length given:
# `Dot1Q(vlan=7, type=38)/LLC()/STP()`.
set -euo pipefail

VERSION=2.5.0+dfsg-2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "python3-scapy=$VERSION" >download.log 2>&1 || cannot "no python3-scapy $VERSION"
dpkg -x ./*.deb package
export PYTHONPATH="$work/package/usr/lib/python3/dist-packages" HOME="$work"

cat >frames.py <<'PROGRAM'
import logging

logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.layers.l2 import Dot1Q, Dot3, Ether, LLC, STP

MACS = {'src': '02:00:00:00:00:01', 'dst': '01:80:c2:00:00:00'}


def shown(name, frame, at):
    data = bytes(frame)
    print(f'{name}: field 0x{data[at:at + 2].hex()}, and {len(data) - at - 2} (0x{len(data) - at - 2:04x}) bytes behind it')


shown('no tag', Dot3(**MACS) / LLC() / STP(), 12)
shown('tag', Ether(**MACS) / Dot1Q(vlan=7) / LLC() / STP(), 16)
shown('tag, length given', Ether(**MACS) / Dot1Q(vlan=7, type=38) / LLC() / STP(), 16)
PROGRAM
said=$(python3 frames.py) || cannot 'scapy does not run'
echo "scapy $VERSION"
echo "$said"
expected='no tag: field 0x0026, and 38 (0x0026) bytes behind it
tag: field 0x8870, and 38 (0x0026) bytes behind it
tag, length given: field 0x0026, and 38 (0x0026) bytes behind it'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: behind a tag there is 0x8870'
