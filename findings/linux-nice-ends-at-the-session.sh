#!/usr/bin/env bash
# Linux 6.18: a thread of niceness -20 gets no more of a processor than one of niceness 0 that belongs to another session.
#
# One would expect 86 times as much, which is what two threads of one session share. But where autogroups are on, as most
# distributions have them, the processors are first shared among sessions, and each is a group of equal weight, unless a control
# group takes its place. Every service of systemd and every login is a session, so a daemon that asks for -20 changes nothing against
# any other program; setpriority() succeeds, and `ps` shows -20. What counts is a niceness of the session, in /proc/PID/autogroup.
#
# Octolink: a datapath at -20 may wake tens of milliseconds late beside busy programs of other sessions, longer than a hold time
# of 30 ms. octolinkd gives its session a niceness, if it leads one.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in python3 setsid; do command -v "$program" >/dev/null || cannot "$program is missing"; done
[ "$(cat /proc/sys/kernel/sched_autogroup_enabled 2>/dev/null)" = 1 ] || cannot 'autogroups are off, or not in this kernel'
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/shares.py" <<'PROGRAM'
"""Lets two loops of niceness -20 and 0 share one processor for two seconds, and compares how long each has run."""
import os, signal, sys, time

SECONDS = 2

def spin(niceness, own_session, of_session):
    child = os.fork()
    if child:
        return child
    if own_session:
        os.setsid()
    if of_session:
        with open('/proc/self/autogroup', 'w') as file:
            file.write(str(of_session))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    signal.alarm(3 * SECONDS)
    while True:
        pass

def ran(pid):
    with open(f'/proc/{pid}/schedstat') as file:
        return int(file.read().split()[0])

def ratio(title, apart, of_session):
    pids = [spin(-20, apart, of_session), spin(0, apart, 0)]
    try:
        time.sleep(0.3)
        before = [ran(pid) for pid in pids]
        time.sleep(SECONDS)
        high, low = (ran(pid) - start for pid, start in zip(pids, before))
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    found = high / max(low, 1)
    print(f'{title}: niceness -20 ran {found:.1f} times as long as niceness 0')
    return found

together = ratio('in one session', False, 0)
apart = ratio('in two sessions', True, 0)
raised = ratio('in two sessions, that of the first at -20 too', True, -20)
sys.exit(0 if together > 10 and 0.5 < apart < 2 and raised > 10 else 1)
PROGRAM

if setsid --wait python3 "$work/shares.py"; then
  echo 'as stated: niceness ends at the session'
else
  echo 'CHANGED: see above'
  exit 1
fi
