#!/usr/bin/env bash
# tinc 1.0.36: a station that moves away and back within a few seconds is cut off for ten minutes, if the name of its node comes later in the
# alphabet.
#
# A station speaks behind one node of a VPN in switch mode, then behind another, then behind the first again, as the virtual address of VRRP
# or a bond does when a link flaps. One would expect frames for it to go where it spoke last, as behind a switch; the list of changes has
# "fast roaming of hosts to other nodes". Each node announces what it has heard, and withdraws it some seconds after another announces the
# same; of two that do so the others send to the one whose name comes first. A station that is back before its node has withdrawn it is
# not announced again, so the other node never withdraws its own, and keeps it until MACExpire (600 seconds) is over. Frames for the
# station come out there, where nobody is, although it speaks all the time. If the name of its node comes first, nothing is lost; with the
# names exchanged it is the other way round.
#
# Octolink: it learns from the latest frame, whatever its peers are called; a station stays where it is for a minute only if it moves for the
# fifth time within three. Coming from tinc: until then, give the node that mostly has the address the name that comes first, or a short
# MACExpire to all.
set -euo pipefail

VERSION=1.0.36-2+b2
PACKAGES=("tinc=$VERSION" liblzo2-2=2.10-2)
# In place of 600, so that the end of it can be seen.
EXPIRE=15

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

# All nodes of a lab run in one namespace, by loopback, and end with that of processes.
if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  labs=()
  clean_up() {
    for lab in "${labs[@]}"; do kill "$lab" 2>/dev/null || true; done
    for lab in "${labs[@]}"; do wait "$lab" 2>/dev/null || true; done
    rm -rf "$work"
  }
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  script=$(realpath "$0")
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tinc $VERSION"
  for package in *.deb; do dpkg -x "$package" package; done
  LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
  export LD_LIBRARY_PATH
  ! ldd package/usr/sbin/tincd | grep 'not found' || cannot 'libraries are missing'
  package/usr/sbin/tincd --version | head -1
  for names in 'alpha beta' 'gamma beta'; do
    # shellcheck disable=SC2086
    unshare --net --pid --fork --kill-child --mount-proc bash "$script" inside $names >"$names.txt" 2>&1 &
    labs+=($!)
  done
  changed=
  for number in 0 1; do
    status=0
    wait "${labs[$number]}" || status=$?
    case $status in
      0) ;;
      2) changed=yes ;;
      *) cat ./*.txt; cannot 'the nodes do not connect' ;;
    esac
  done
  cat ./*.txt
  [ -z "$changed" ] || { echo 'CHANGED: see above'; exit 1; }
  echo 'as stated: back at the later name, it is cut off until MACExpire is over'
  exit
fi

# Two nodes, left and right, whose names are given, and a third to which both are connected.
tincd="$PWD/package/usr/sbin/tincd"
lab="$PWD/lab-$2-$3"
mkdir "$lab"
cd "$lab"
ip link set lo up
echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true
names=("$2" "$3" watch)
places=(left right watch)
for number in 0 1 2; do
  place=${places[$number]}
  mkdir -p "$place/hosts"
  printf 'Name=%s\nMode=switch\nMACExpire=%s\nDevice=/dev/net/tun\nDeviceType=tap\nInterface=tap-%s\n' "${names[$number]}" "$EXPIRE" "$place" \
    >"$place/tinc.conf"
  [ "$place" = watch ] || echo 'ConnectTo=watch' >>"$place/tinc.conf"
  printf 'Address=127.0.0.1\nPort=%s\n' $((6550 + number)) >"$place/hosts/${names[$number]}"
  "$tincd" -c "$place" -K2048 </dev/null >keys.log 2>&1
done
for place in left right; do
  cp watch/hosts/watch "$place/hosts/"
  cp "$place"/hosts/* watch/hosts/
done
for place in watch left right; do
  "$tincd" -c "$place" -D --pidfile="$lab/$place.pid" >"$place.log" 2>&1 &
  for _ in $(seq 100); do ip link set "tap-$place" up 2>/dev/null && break; sleep 0.1; done
  # The first one has to listen before the others connect.
  sleep 1
done

cat >moves.py <<'PROGRAM'
"""A station moves between two nodes, whose names are given, while a third sends frames to it: prints how soon they come out at its new place."""
import select, socket, sys, time

EXPIRE = int(sys.argv[3])
first, last = sorted(sys.argv[1:3])
devices = {sys.argv[1]: 'tap-left', sys.argv[2]: 'tap-right', 'watch': 'tap-watch'}
STATION, WATCH, TYPE = bytes.fromhex('020000000099'), bytes.fromhex('020000000003'), 0x88B5
sockets = {}
for node, device in devices.items():
    sockets[node] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
    sockets[node].bind((device, 0))


def speak(node, source=STATION):
    sockets[node].send(b'\xff' * 6 + source + TYPE.to_bytes(2, 'big') + bytes(46))


def heard(seconds):
    """Behind which nodes frames for the station come out within this time."""
    end, nodes = time.monotonic() + seconds, []
    while (left := end - time.monotonic()) > 0:
        for ready in select.select(list(sockets.values()), [], [], left)[0]:
            data, address = ready.recvfrom(2000)
            if address[2] != socket.PACKET_OUTGOING and data[:6] == STATION:
                nodes += [node for node, found in sockets.items() if found is ready]
    return nodes


def move(node, seconds=60):
    """How long it takes until frames come out behind this node, and how many came out elsewhere meanwhile. The station speaks each second."""
    start, elsewhere, rounds = time.monotonic(), 0, 0
    while time.monotonic() - start < seconds:
        if rounds % 10 == 0:
            speak(node)
        rounds += 1
        sockets['watch'].send(STATION + WATCH + TYPE.to_bytes(2, 'big') + bytes(46))
        nodes = heard(0.1)
        if node in nodes:
            return time.monotonic() - start, elsewhere
        elsewhere += len(nodes)
    sys.exit(f'nothing comes out behind {node}')


def back(node, other):
    """The station speaks once behind the other node and at once behind this one again."""
    speak(other)
    heard(0.2)
    seconds, elsewhere = move(node)
    print(f'{first} and {last}: from {node} to {other} and back, reached after {seconds:.1f} s; {elsewhere} frames came out at {other}', flush=True)
    return seconds


# Until all are connected.
speak('watch', WATCH)
move(last)
# A node that withdraws the address in this very moment announces it anew: hence up to three attempts.
for attempt in range(3):
    time.sleep(2)
    move(last)
    cut_off = back(last, first)
    if cut_off > EXPIRE - 2:
        break
move(first)
time.sleep(7)
at_once = back(first, last)
sys.exit(0 if cut_off > EXPIRE - 2 and at_once < 2 else 2)
PROGRAM
status=0
python3 moves.py "$2" "$3" "$EXPIRE" || status=$?
[ "$status" = 0 ] || [ "$status" = 2 ] || { tail -3 ./*.log; exit 3; }
exit "$status"
