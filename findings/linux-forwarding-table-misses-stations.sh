#!/usr/bin/env bash
# Linux 6.18: a listing of a bridge's stations lacks some that were there all the time, and does not say that it was interrupted.
#
# Netlink gives a long listing in several messages and marks the rest of one (NLM_F_DUMP_INTR) whose objects changed meanwhile, so
# that the reader asks again; for addresses and routes it does. A listing of the forwarding table goes on by number: it leaves out as
# many entries as it has given. When stations of the first message are forgotten before the next message, as many others slip into the
# places that count as given. One would expect every station that was there before, during and after the listing, or the mark.
#
# Octolink: it lists its own stations at one time (`show mac-table`). For `bridge fdb` of a bridge around octo0 with hundreds of
# stations, and what monitors read from it, a missing station is no proof: ask for it by `bridge fdb get`, or list twice.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip bridge python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/listing.py" <<'PROGRAM'
"""Lists addresses of a device, and stations of a bridge, while some of those already listed are removed."""
import os, socket, struct, subprocess, sys

RTM_GETADDR, RTM_GETNEIGH, NLMSG_DONE = 22, 30, 3
NLM_F_REQUEST, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 0x300, 0x10
NDA_LLADDR, NDA_MASTER, IFA_LOCAL = 2, 9, 2
NUMBER, REMOVED = 2000, 40
CANNOT = 77

def ip(words, program='ip'):
    subprocess.run([program, *words.split()], check=True)

def batch(program, lines):
    subprocess.run([program, '-batch', '-'], input='\n'.join(lines), text=True, check=True)

def attributes(data, at, end):
    while at < end:
        length, kind = struct.unpack_from('=HH', data, at)
        yield kind, data[at + 4:at + length]
        at += (length + 3) & ~3

def listing(kind, body, skip, wanted, after_first=None):
    """The values of an attribute in a dump, in order, and whether it is marked as interrupted."""
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.send(struct.pack('=IHHII', 16 + len(body), kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + body)
    values, is_marked = [], False
    while True:
        data, at = netlink.recv(1 << 16), 0
        while at < len(data):
            length, kind, flags = struct.unpack_from('=IHH', data, at)
            is_marked |= bool(flags & NLM_F_DUMP_INTR)
            if kind == NLMSG_DONE:
                netlink.close()
                return values, is_marked
            values += [value for name, value in attributes(data, at + 16 + skip, at + length) if name == wanted]
            at += (length + 3) & ~3
        if after_first:
            after_first(values)
            after_first = None

def stations(after_first=None):
    """As `bridge fdb show br lan` asks for them: a message about the neighbours of the bridge."""
    body = struct.pack('=BxxxiHBB', socket.AF_BRIDGE, 0, 0, 0, 0) + struct.pack('=HHI', 8, NDA_MASTER, socket.if_nametoindex('lan'))
    values, is_marked = listing(RTM_GETNEIGH, body, 12, NDA_LLADDR, after_first)
    return {value for value in values if value[:2] == b'\x02\x10'}, is_marked

def addresses(after_first=None):
    values, is_marked = listing(RTM_GETADDR, struct.pack('=BxxxI', socket.AF_INET, 0), 8, IFA_LOCAL, after_first)
    return set(values), is_marked

def forget(values):
    gone = [value for value in values if value[:2] == b'\x02\x10'][:REMOVED]
    batch('bridge', [f"fdb del {value.hex(':')} dev port master" for value in gone])

def remove(values):
    batch('ip', [f'address del {socket.inet_ntoa(value)}/32 dev port' for value in values[:REMOVED]])

def tried(what, ask, change):
    asked, is_marked = ask(change)
    after, _ = ask()
    missing = after - asked
    print(f'{what}: {len(after)} were there all the time, {len(missing)} of them are not in the listing; '
          f'marked as interrupted: {"yes" if is_marked else "no"}')
    return len(missing), is_marked

try:
    ip('link add lan type bridge')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
ip('link add port type veth peer name far')
ip('link set port master lan')
for device in ('lan', 'port', 'far'):
    ip(f'link set {device} up')
batch('bridge', [f'fdb add 02:10:00:00:{number >> 8:02x}:{number & 255:02x} dev port master static' for number in range(NUMBER)])
batch('ip', [f'address add 10.0.{number >> 8}.{number & 255}/32 dev port' for number in range(NUMBER)])
found = [tried('addresses', addresses, remove), tried('stations', stations, forget)]
sys.exit(0 if found[0][1] and found[1] == (REMOVED, False) else 2)
PROGRAM

status=0
unshare -n python3 "$work/listing.py" || status=$?
case $status in
  0) echo 'as stated: a listing of stations that was interrupted looks whole' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel has no bridge' ;;
esac
