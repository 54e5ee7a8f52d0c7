#!/usr/bin/env bash
# Linux 6.18: UDP_SEGMENT takes 128 datagrams in one send, and UDP_GRO hands as many to the receiver in one message.
#
# The bound was 64 for years; older kernels refuse more, and programs have it as a constant. One would expect it to hold at both
# ends. Here 128 pass, 129 are EINVAL, and a receiver with UDP_GRO gets one message of 128 datagrams from a peer that
# may know nothing of its limits: whoever keeps room for 64 records of a message loses or overruns.
#
# Octolink: a message that was received is taken apart by the segment size it names, whatever the number of its datagrams.
set -euo pipefail

command -v python3 >/dev/null || { echo 'cannot be tried here: python3 is missing'; exit 77; }
echo "Linux $(uname -r)"
status=0
python3 - <<'PROGRAM' || status=$?
import errno, socket, struct, sys

SOL_UDP, UDP_SEGMENT, UDP_GRO, SIZE = 17, 103, 104, 100

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
with receiver, sender:
    receiver.bind(('127.0.0.1', 0))
    receiver.settimeout(5)
    sender.connect(receiver.getsockname())
    try:
        receiver.setsockopt(SOL_UDP, UDP_GRO, 1)
        sender.setsockopt(SOL_UDP, UDP_SEGMENT, SIZE)
    except OSError as error:
        print(f'cannot be tried here: {error}')
        sys.exit(77)
    found = {}
    for count in (64, 65, 128, 129):
        try:
            sender.send(bytes(count * SIZE))
        except OSError as error:
            found[count] = errno.errorcode[error.errno]
        else:
            data, facts, _, _ = receiver.recvmsg(65536, 256)
            sizes = [struct.unpack('=i', value[:4])[0] for _, kind, value in facts if kind == UDP_GRO]
            found[count] = len(data) // sizes[0] if sizes else 'cut'
        print(f'{count} datagrams in one send: {found[count]}' + (' in one message' if found[count] == count else ''))
sys.exit(0 if found == {64: 64, 65: 65, 128: 128, 129: 'EINVAL'} else 2)
PROGRAM
case $status in
  0) echo 'as stated: 128 pass in one call and arrive in one message' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) exit 77 ;;
esac
