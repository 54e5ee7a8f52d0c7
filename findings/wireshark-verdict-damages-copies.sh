#!/usr/bin/env bash
# Wireshark 4.0.17 tools: a copy of a pcapng file whose packets carry verdicts cannot be read any more, by the tool that wrote it.
#
# Option 7 of a packet (epb_verdict) says what became of it, option 6 (epb_queue) which queue it came by, in 4 bytes. All of editcap,
# mergecap, reordercap and `tshark -w` read both and write the verdict as a second option 6, of 9 bytes, without a word and with
# status 0. One would expect a copy that has the verdict, or lacks it. The next reader stops before the first such packet: "damaged or
# corrupt". What counts the packets that were lost (Interface Statistics Blocks) is not in the copy either.
#
# Octolink: its captures have a verdict at each packet. tshark shows and filters them; keep the file itself, and do not cut or merge it
# with the tools of this version.
set -euo pipefail

VERSION=4.0.17-0+deb12u3
PACKAGES=("tshark=$VERSION" "wireshark-common=$VERSION" "libwireshark16=$VERSION" "libwireshark-data=$VERSION"
  "libwiretap13=$VERSION" "libwsutil14=$VERSION" libpcap0.8=1.10.3-1 libc-ares2 liblua5.2-0 libsmi2ldbl libsnappy1v5)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tshark $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu" HOME="$work" PATH="$work/package/usr/bin:$PATH"
! ldd package/usr/bin/tshark package/usr/bin/editcap | grep 'not found' || cannot 'libraries are missing'
tshark --version 2>/dev/null | sed -n 1p

cat >files.py <<'PROGRAM'
"""write FILE CODE…: two Ethernet packets, the first with these options, and statistics. blocks FILE: what a file consists of."""
import struct, sys

NAMES = {0x0A0D0D0A: 'section', 1: 'interface', 6: 'packet', 5: 'statistics'}
# Flags (inbound), dropped before, packet id, queue, verdict (eBPF at tc: 2, shot).
VALUES = {2: struct.pack('<I', 1), 4: struct.pack('<Q', 7), 5: struct.pack('<Q', 99), 6: struct.pack('<I', 3),
          7: b'\x01' + struct.pack('<Q', 2)}
PACKET = bytes.fromhex('020000000009' '020000000008' '88b5') + bytes(46)

def padded(data):
    return data + bytes(-len(data) % 4)

def block(kind, body):
    length = len(body) + 12
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)

def options(codes):
    return b''.join(struct.pack('<HH', code, len(VALUES[code])) + padded(VALUES[code]) for code in codes) + bytes(4) * bool(codes)

def packet(codes):
    return block(6, struct.pack('<IIIII', 0, 0, 0, len(PACKET), len(PACKET)) + padded(PACKET) + options(codes))

if sys.argv[1] == 'write':
    with open(sys.argv[2], 'wb') as file:
        file.write(block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack('<HHI', 1, 0, 0)))
        file.write(packet(list(map(int, sys.argv[3:]))) + packet([]))
        # 100 packets received, 9 dropped.
        file.write(block(5, struct.pack('<III', 0, 0, 0) + struct.pack('<HHQHHQI', 4, 8, 100, 5, 8, 9, 0)))
else:
    with open(sys.argv[2], 'rb') as file:
        data = file.read()
    found = []
    while data:
        kind, length = struct.unpack('<II', data[:8])
        name, at, codes = NAMES.get(kind, hex(kind)), 28 + len(padded(PACKET)), []
        while kind == 6 and at < length - 4:
            code, size = struct.unpack('<HH', data[at:at + 4])
            codes += [f'{code} ({size} bytes)'] if code else []
            at += 4 + size + -size % 4
        found.append(f"{name} with options {', '.join(codes)}" if codes else name)
        data = data[length:]
    print('; '.join(found))
PROGRAM

# readable FILE: how many packets tshark reads, and what it says.
readable() { tshark -r "$1" -T fields -e frame.len 2>errors.log | wc -l; grep -v 'Running as' errors.log | tr '\n' ' ' || true; }

failed=
# copied HOW COMMAND…: copies given.pcapng to copy.pcapng and tells what is in the copy.
copied() {
  local how=$1 status=0
  rm -f copy.pcapng
  "${@:2}" 2>copy.log >/dev/null || status=$?
  blocks=$(python3 files.py blocks copy.pcapng)
  read -r -d '' packets said <<<"$(readable copy.pcapng)" || true
  echo "copied by $how (status $status): $blocks"
  echo "  read again: $packets packets $said"
  [ "$status" = 0 ] || failed=yes
}

python3 files.py write given.pcapng 2 4 5 6
echo "without a verdict: $(python3 files.py blocks given.pcapng)"
copied editcap editcap given.pcapng copy.pcapng
[ "$packets" = 2 ] || failed=yes

python3 files.py write given.pcapng 2 4 5 6 7
echo "with a verdict: $(python3 files.py blocks given.pcapng)"
read -r -d '' packets said <<<"$(readable given.pcapng)" || true
echo "  read: $packets packets, verdict $(tshark -r given.pcapng -T fields -e frame.verdict.ebpf_tc -c 1 2>/dev/null)"
[ "$packets" = 2 ] || failed=yes
check() {
  copied "$@"
  [ "$packets" = 0 ] && [[ $said = *'damaged or corrupt'* && $blocks = *'6 (9 bytes)'* && $blocks != *statistics* ]] || failed=yes
}
check editcap editcap given.pcapng copy.pcapng
check mergecap mergecap -w copy.pcapng given.pcapng
check reordercap reordercap given.pcapng copy.pcapng
check 'tshark -w' tshark -r given.pcapng -w copy.pcapng
[ -z "$failed" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: with verdicts no copy can be read, and no copy has the statistics'
