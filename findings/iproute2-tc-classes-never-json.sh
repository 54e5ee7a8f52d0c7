#!/usr/bin/env bash
# iproute2 6.1.0: `tc -j class show` answers in plain text, and with nothing at all where there are no classes.
#
# tc(8) says of `-json` "Display results in JSON format", and queueing disciplines come so. One would expect the classes
# of htb, which have the counters that matter for shaping, in the same form. They are printed as without the option, with exit code 0 and no
# message; an empty list is an empty answer in place of `[]`. What reads it stops at the first word, or takes it for no classes.
#
# Octolink: links that share a line with other traffic are shaped with htb below it. Read its classes as text, or look at `tc -j -s qdisc`
# for what a discipline drops as a whole.
set -euo pipefail

VERSION=6.1.0-3
PACKAGES=("iproute2=$VERSION" libbpf1=1:1.1.2-0+deb12u1 libelf1=0.188-2.1 libmnl0=1.0.4-3 libxtables12=1.8.9-2)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no iproute2 $VERSION"
  for package in *.deb; do dpkg -x "$package" package; done
  script=$(cd "$OLDPWD" && realpath "$0")
  status=0
  unshare --net bash "$script" inside || status=$?
  exit "$status"
fi

export LD_LIBRARY_PATH="$PWD/package/usr/lib/$(uname -m)-linux-gnu:$PWD/package/lib/$(uname -m)-linux-gnu"
export PATH="$PWD/package/sbin:$PWD/package/bin:$PATH"
! ldd package/sbin/tc | grep 'not found' || cannot 'libraries are missing'
tc -V

# form WORD...: whether a listing is JSON, and with which exit code it ended.
form() {
  local status=0 answer
  tc "$@" >answer.txt 2>message.txt || status=$?
  answer=$(python3 -c '
import json
text = open("answer.txt").read()
try:
    print(f"JSON, a list of {len(json.loads(text))}")
except ValueError:
    print("no JSON, it begins with " + " ".join(text.split()[:3]) if text.strip() else "nothing")')
  echo "tc $*: $answer, exit code $status, $(wc -l <message.txt) messages" | tee -a results.txt
}

ip link add wire type veth peer name far
form -j -s class show dev wire
tc qdisc add dev wire root handle 1: htb default 10 2>/dev/null || cannot 'no htb'
tc class add dev wire parent 1: classid 1:10 htb rate 10mbit
form -j -s qdisc show dev wire
form -j -s class show dev wire

expected='tc -j -s class show dev wire: nothing, exit code 0, 0 messages
tc -j -s qdisc show dev wire: JSON, a list of 1, exit code 0, 0 messages
tc -j -s class show dev wire: no JSON, it begins with class htb 1:10, exit code 0, 0 messages'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: classes are never told in JSON'
