#!/usr/bin/env bash
# multicast-dns 7.2.5: on a host of two networks it asks in one only, and a network whose device was made anew it never hears again.
#
# What bonjour-service and most mDNS of Node are built on has an option `interface`, which "defaults to all". One would expect to ask, and
# to be asked, in all networks. It does listen in all, and looks every five seconds for new addresses, but what it says leaves by one, that of
# the route: a service in the other network is not found, and not announced there. When a device goes and comes back with its address, the
# address counts as joined already, and what arrives there is not heard any more, without a warning; with another address it is.
# With `interface` set to an address it speaks in that network and, on Linux, hears nothing at all, as it binds to that address, while
# multicast comes for another. `bind: '0.0.0.0'` beside it, which its README does not name, makes both work.
#
# Octolink: mDNS over octo0 from a program in Node. It asks by the underlay, finds nothing behind octo0, and is deaf there after octolinkd
# was stopped and started. Give it `interface` and `bind`, one instance for each network, and the interface of Octolink `persist`.
set -euo pipefail

VERSION=7.2.5

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip node npm python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
npm install --no-audit --no-fund --ignore-scripts --silent "multicast-dns@$VERSION" >npm.log 2>&1 || cannot "no multicast-dns $VERSION"
echo "multicast-dns $VERSION, Node $(node --version)"

cat >listen.cjs <<'PROGRAM'
// Prints the names that others ask for, and asks for those that it reads.
const mdns = require('multicast-dns')(JSON.parse(process.argv[2]));
mdns.on('ready', () => console.log('ready'));
mdns.on('warning', ({ message }) => console.log(`warning ${message}`));
mdns.on('query', ({ questions }) => console.log(questions[0].name));
process.stdin.setEncoding('utf8').on('data', (name) => mdns.query(name.trim(), 'A'));
PROGRAM

cat >networks.py <<'PROGRAM'
"""Two networks with a neighbour each, `lan` with the default route and `vpn`: who hears what the other asks for, by the options."""
import json, queue, socket, struct, subprocess, sys, threading, time

GROUP, PORT, OUTGOING = '224.0.0.251', 5353, socket.PACKET_OUTGOING
ADDRESSES = {'lan': '192.0.2.1', 'vpn': '198.51.100.1'}
# It looks for new addresses every five seconds.
LOOKS = 11


def ip(words):
    subprocess.run(['ip', *words.split()], check=True)


def make(name, address):
    """A device with an address, and the neighbour at its other end."""
    ip(f'link add {name} type veth peer name {name}-far')
    for device in (name, f'{name}-far'):
        with open(f'/proc/sys/net/ipv6/conf/{device}/disable_ipv6', 'w') as setting:
            setting.write('1')
        ip(f'link set {device} up')
    ip(f'addr add {address}/24 dev {name}')
    neighbour = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    neighbour.bind((f'{name}-far', 0))
    neighbour.settimeout(0.1)
    return neighbour


def question(name):
    """A frame in which a neighbour asks for a name."""
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'
    message = struct.pack('!6H', 0, 0, 1, 0, 0, 0) + labels + struct.pack('!2H', 1, 1)
    udp = struct.pack('!4H', PORT, PORT, 8 + len(message), 0) + message
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 255, 17, 0) + socket.inet_aton('192.0.2.77') + socket.inet_aton(GROUP)
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xFFFF) + (total >> 16)
    return bytes.fromhex('01005e0000fb' '020000000077' '0800') + head[:10] + struct.pack('!H', ~total & 0xFFFF) + head[12:] + udp


class Program:
    """multicast-dns with some options."""

    def __init__(self, options):
        words = ['node', 'listen.cjs', json.dumps(options)]
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(line.strip()) for line in self.child.stdout], daemon=True).start()
        self.until('ready', 20)

    def until(self, wanted, seconds):
        """Whether a line comes in time; warnings of the program are an answer that nobody expects."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=end - time.monotonic())
            except (queue.Empty, ValueError):
                break
            if line.startswith('warning'):
                sys.exit(f'it says: {line}')
            if line == wanted:
                return True
        return False

    def end(self):
        self.child.kill()
        self.child.wait()


number = 0


def hears(program, networks, seconds=2):
    """The networks in which a neighbour is heard that asks for a name of its own."""
    global number
    heard = []
    for network, neighbour in networks.items():
        number += 1
        name = f'{network}-{number}.local'
        neighbour.send(question(name))
        if program.until(name, seconds):
            heard.append(network)
    return heard


def asks(program, networks):
    """The networks in which its question for a name arrives."""
    global number
    number += 1
    label = f'asked-{number}'
    program.child.stdin.write(f'{label}.local\n')
    program.child.stdin.flush()
    came, end = set(), time.monotonic() + 2
    while time.monotonic() < end:
        for network, neighbour in networks.items():
            try:
                frame, address = neighbour.recvfrom(2000)
            except TimeoutError:
                continue
            if address[2] != OUTGOING and label.encode() in frame:
                came.add(network)
    return sorted(came)


ip('link set lo up')
networks = {name: make(name, address) for name, address in ADDRESSES.items()}
ip('route add default via 192.0.2.77 dev lan')
found = []


def tell(what, program, expected, hears_in=None):
    heard = hears(program, networks) if hears_in is None else hears_in
    asked = asks(program, networks)
    print(f"{what}: hears {' and '.join(heard) or 'nothing'}, asks in {' and '.join(asked) or 'none'}", flush=True)
    found.append((heard, asked) == expected)


for options, expected in (({'interface': ADDRESSES['vpn']}, ([], ['vpn'])),
                          ({'interface': ADDRESSES['vpn'], 'bind': '0.0.0.0'}, (['vpn'], ['vpn']))):
    program = Program(options)
    tell(json.dumps(options), program, expected)
    program.end()

program = Program({})
tell('no options', program, (['lan', 'vpn'], ['lan']))
ip('link del vpn')
networks['vpn'] = make('vpn', ADDRESSES['vpn'])
time.sleep(LOOKS)
tell('vpn made anew with its address', program, (['lan'], ['lan']))
ip('link del vpn')
networks['vpn'] = make('vpn', '198.51.100.2')
end = time.monotonic() + LOOKS
heard = []
while len(heard) < 2 and time.monotonic() < end:
    heard = hears(program, networks, 1)
tell('vpn made anew with another address', program, (['lan', 'vpn'], ['lan']), heard)
program.end()
sys.exit(0 if all(found) else 2)
PROGRAM

status=0
unshare --net --pid --fork --kill-child python3 networks.py || status=$?
case $status in
  0) echo 'as stated: it asks in one network, and is deaf in one that was made anew' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the program does not run' ;;
esac
