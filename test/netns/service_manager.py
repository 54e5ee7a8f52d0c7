"""A service manager as far as octolinkd needs one: runs its arguments, hears what they notify, keeps descriptors.

Notifications are appended to $NOTIFY_LOG, a line each. SIGUSR1 restarts the service as a manager does, by stopping it
and starting it with the descriptors kept, newest first. SIGUSR2 goes to the service. SIGTERM ends both.
"""

import array
import ctypes
import os
import signal
import socket
import sys

PR_SET_CHILD_SUBREAPER = 36
WATCHDOG_US = 300_000

path = "@octolink-notify-%d" % os.getpid()
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(path.replace("@", "\0"))
log = open(os.environ["NOTIFY_LOG"], "a", buffering=1)
store = []
main = 0
wanted = []


def start():
    """The service gets its descriptors from 3 on, and variables that name its own process."""
    global main
    main = os.fork()
    if main != 0:
        return
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    held = list(reversed(store))
    parked = [os.dup2(fd, 100 + at) for at, (_, fd) in enumerate(held)]
    for at, fd in enumerate(parked):
        os.dup2(fd, 3 + at)
        os.close(fd)
    os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC=str(WATCHDOG_US), WATCHDOG_PID=str(os.getpid()))
    if held:
        names = ":".join(name for name, _ in held)
        os.environ.update(LISTEN_FDS=str(len(held)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
    os.closerange(3 + len(held), 100)
    os.execvp(sys.argv[1], sys.argv[1:])


def heard(text, descriptors):
    global main, store
    log.write(text.replace("\n", " ") + "\n")
    words = dict(line.split("=", 1) for line in text.split("\n"))
    if "FDSTORE" in words:
        store += [(words["FDNAME"], fd) for fd in descriptors]
    if "FDSTOREREMOVE" in words:
        for name, fd in store:
            if name == words["FDNAME"]:
                os.close(fd)
        store = [(name, fd) for name, fd in store if name != words["FDNAME"]]
    if "MAINPID" in words:
        main = int(words["MAINPID"])
        with open("/proc/%d/stat" % main) as stat:
            is_own = int(stat.read().rsplit(")", 1)[1].split()[1]) == os.getpid()
        log.write("the new main process is %s\n" % ("a child of the manager" if is_own else "a stranger"))


def reap():
    """Returns the status of the main process once it has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == main:
            return os.waitstatus_to_exitcode(status)


def read_all():
    while True:
        try:
            data, ancillary, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(64), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        descriptors = array.array("i")
        for _, _, raw in ancillary:
            descriptors.frombytes(raw)
        heard(data.decode(), descriptors)


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
signals = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
start()
while True:
    found = signal.sigtimedwait(signals, 0.01)
    read_all()
    if found is None:
        continue
    if found.si_signo == signal.SIGCHLD:
        status = reap()
        if status is None:
            continue
        read_all()
        if not wanted:
            os._exit(status if status >= 0 else 1)
        wanted.pop()
        start()
    elif found.si_signo == signal.SIGUSR1:
        wanted.append("restart")
        os.kill(main, signal.SIGTERM)
    else:
        os.kill(main, found.si_signo)
