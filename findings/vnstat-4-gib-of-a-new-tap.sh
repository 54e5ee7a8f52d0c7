#!/usr/bin/env bash
# vnStat 2.10: a TAP that is made anew within some seconds has carried 4 GiB more, also where counters are said to have 64 bits.
#
# When a counter is lower than before vnStat takes it for one that has wrapped. vnstat.conf(5) says of `64bitInterfaceCounters -1`, the "old
# style logic", that it "may produce false results if a 64-bit counter is reset within the 32-bits", so one would expect the default (-2, as the
# kernel has it) and 1 ("all interfaces use 64-bit counters") to give none. Both do: where the difference in 64 bits is absurd it is taken in 32
# after all. What is left is the limit of the interface's speed. vnStat takes no speed of a device whose name begins with "tun", as Linux says
# 10 Mbit/s of each; by now it says 10 Gbit/s, and of a TAP with another name that is believed: 4 GiB between two looks are possible, and no
# line of the log tells of them. With a `MaxBW` of 1000 they are noticed and not counted.
#
# Octolink: without `persist` octo0 is made anew with each restart of octolinkd, in a moment. Each time the day, month and year of vnStat get
# 4 GiB. Give the interface `persist`, or vnStat a `MaxBWocto0` of 1000 where it never carries more.
set -euo pipefail

PACKAGES=(vnstat=2.10-2 libsqlite3-0=3.40.1-2+deb12u2)

cannot() { echo "cannot be tried here: $1"; exit 77; }
if [ "$(id -u)" != 0 ] || [ ! -e /dev/net/tun ]; then cannot 'it needs root and /dev/net/tun'; fi
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no ${PACKAGES[*]}"
for package in *.deb; do dpkg -x "$package" package; done
LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
export LD_LIBRARY_PATH
export PATH="$work/package/usr/bin:$work/package/usr/sbin:$PATH"
for program in vnstat vnstatd; do ! ldd "$(command -v "$program")" | grep 'not found' || cannot 'libraries are missing'; done
vnstatd --version | cut -d ' ' -f 1-3
echo "Linux $(uname -r)"

cat >restart.py <<'PROGRAM'
"""Lets vnStat watch a TAP, by three configurations at once, and makes the TAP anew between two of its looks."""
import fcntl, json, os, struct, subprocess, sys, time

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = b'\xff' * 6 + bytes.fromhex('02000000000188b5') + bytes(986)
SECONDS_OF_A_LOOK = 10
WRAPPED = 2 ** 32 - 1
CONFIGURATIONS = {'the default': '', 'counters of 64 bits': '64bitInterfaceCounters 1', 'at most 1000 Mbit/s': 'MaxBWocto0 1000'}
CANNOT = 77


def tap():
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', b'octo0', IFF_TAP_NO_PI))
    subprocess.run('ip link set octo0 addrgenmode none up'.split(), check=True)
    return fd


def send(fd, frames):
    for _ in range(frames):
        os.write(fd, FRAME)


def vnstat(number, *words, program='vnstat'):
    return subprocess.run([program, '--config', f'{number}.conf', *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def counted(number):
    return json.loads(vnstat(number, '--json'))['interfaces'][0]['traffic']['total']['rx']


here, daemons, opened = os.getcwd(), [], tap()
with open('/sys/class/net/octo0/speed') as file:
    print(f'speed of a TAP: {file.read().strip()} Mbit/s')
try:
    for number, line in enumerate(CONFIGURATIONS.values()):
        os.mkdir(str(number))
        with open(f'{number}.conf', 'w') as file:
            file.write(f'DatabaseDir "{here}/{number}"\nUpdateInterval {SECONDS_OF_A_LOOK}\nSaveInterval 1\nUseLogging 0\n{line}\n')
        vnstat(number, '--initdb', program='vnstatd')
        vnstat(number, '--add', '-i', 'octo0')
        with open(f'{number}.log', 'w') as log:
            daemons.append(subprocess.Popen(['vnstatd', '-n', '--noadd', '--config', f'{number}.conf'], stdout=log, stderr=log))
    time.sleep(2)
    send(opened, 1000)
    time.sleep(SECONDS_OF_A_LOOK + 5)
    os.close(opened)
    opened = tap()
    send(opened, 10)
    time.sleep(SECONDS_OF_A_LOOK + 5)
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
finally:
    for daemon in daemons:
        daemon.terminate()
    for daemon in daemons:
        daemon.wait()
print('received: 1,000,000 bytes, then, on a TAP of the same name, 10,000')
found, noticed = [], []
for number, name in enumerate(CONFIGURATIONS):
    found.append(counted(number))
    with open(f'{number}.log') as log:
        noticed.append('higher than set maximum' in log.read())
    print(f"vnStat, {name}: {found[-1]:,} bytes, {'noticed' if noticed[-1] else 'nothing noticed'}")
# The wrap is one short; of the last configuration the 10,000 are thrown away with it.
sys.exit(0 if found == [WRAPPED + 10_000, WRAPPED + 10_000, 1_000_000] and noticed == [False, False, True] else 2)
PROGRAM

status=0
unshare -n -m -p -f --kill-child sh -c 'mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs run /run &&
  exec python3 restart.py' || status=$?
case $status in
  0) echo 'as stated: a TAP that is made anew has carried 4 GiB more' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'vnStat or a TAP does not work here' ;;
esac
