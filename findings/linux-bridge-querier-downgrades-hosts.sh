#!/usr/bin/env bash
# Linux 6.18: switching on the multicast querier of a bridge makes every host behind it fall back to IGMPv2 and MLDv1.
#
# Hosts speak IGMPv3 and MLDv2, with the sources that they want, until they hear an older question. A bridge asks with versions 2
# and 1 unless told otherwise (mcast_igmp_version, mcast_mld_version), although its snooping reads the newer reports. One would
# expect `mcast_querier 1` to ask in the newest version it can read. After its first question a host that joined one source of
# 232.1.1.1 reports the group without the source, for minutes after the last such question: source-specific multicast is off, and
# nothing says so.
#
# Octolink: it asks in version 3 and 2 and yields to a querier with a lower address, also to one of the old versions. Where octo0 is
# in a bridge that asks, set `mcast_igmp_version 3 mcast_mld_version 2`.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/versions.py" <<'PROGRAM'
"""A host joins one source of a group of each family; prints in which version it reports before and after the bridge asks."""
import os, socket, struct, subprocess, sys, time

IP_ADD_SOURCE_MEMBERSHIP, MCAST_JOIN_SOURCE_GROUP = 39, 46
SOURCE4, GROUP4 = '192.0.2.9', '232.1.1.1'
SOURCE6, GROUP6 = '2001:db8::9', 'ff3e::1234'
# Types of reports: IGMPv2 and v3 (RFC 2236, 3376), MLDv1 and v2 (RFC 2710, 3810).
KINDS = {(4, 0x16): 'IGMPv2', (4, 0x22): 'IGMPv3', (6, 131): 'MLDv1', (6, 143): 'MLDv2'}

def ip(words):
    subprocess.run(['ip', *words.split()], check=True)

def until_reported(watch, number):
    """The reports of the group of each family until both have come, as versions and whether the source is named."""
    found = {}
    end = time.monotonic() + 15
    while len(found) < 2 and time.monotonic() < end:
        try:
            frame = watch.recv(2000)
        except TimeoutError:
            break
        family = {b'\x08\x00': 4, b'\x86\xdd': 6}.get(frame[12:14])
        if family is None:
            continue
        group = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, GROUP4 if family == 4 else GROUP6)
        source = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, SOURCE4 if family == 4 else SOURCE6)
        # Reports follow an IPv4 header with the option Router Alert, or an IPv6 header with a Hop-by-Hop one.
        body = frame[14 + (frame[14] & 15) * 4:] if family == 4 else frame[14 + 48:]
        kind = KINDS.get((family, body[0])) if (frame[23] == 2 if family == 4 else frame[20] == 0) else None
        if kind and group in body and family not in found:
            found[family] = f"{kind} {'with' if source in body else 'without'} the source"
    answer = (found.get(4), found.get(6))
    print(f'{number}: {answer[0]}, {answer[1]}')
    return answer

def question(options):
    """Makes a bridge that asks behind the host's cable, and waits for its answers."""
    watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    watch.bind(('port', 0))
    watch.settimeout(15)
    if options is None:
        four.setsockopt(socket.IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, socket.inet_aton(GROUP4) + socket.inet_aton('192.0.2.1') + socket.inet_aton(SOURCE4))
        index = socket.if_nametoindex('wire')
        end = lambda address: struct.pack('=HHI', socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, address) + bytes(4 + 100)
        six.setsockopt(socket.IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, struct.pack('=I4x', index) + end(GROUP6) + end(SOURCE6))
        return until_reported(watch, 'joined')
    ip(f'link add lan type bridge mcast_startup_query_count 30 mcast_startup_query_interval 100 mcast_query_response_interval 100 {options}')
    ip('link set lan up')
    ip('link set port master lan')
    answer = until_reported(watch, f'asked by a bridge, {options}')
    ip('link del lan')
    return answer

ip('link add wire type veth peer name port')
ip('link set port up')
ip('link set wire up')
ip('addr add 192.0.2.1/24 dev wire')
ip('addr add 2001:db8::1/64 dev wire nodad')
four, six = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
time.sleep(2)
found = [question(None), question('mcast_querier 1 mcast_igmp_version 3 mcast_mld_version 2'), question('mcast_querier 1')]
newest = ('IGMPv3 with the source', 'MLDv2 with the source')
sys.exit(0 if found == [newest, newest, ('IGMPv2 without the source', 'MLDv1 without the source')] else 2)
PROGRAM

status=0
unshare -n python3 "$work/versions.py" || status=$?
case $status in
  0) echo 'as stated: asked with the presets, hosts no longer name sources' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel has no bridge that asks' ;;
esac
