#!/usr/bin/env bash
# libknet 1.25: timers of a few milliseconds are accepted, but pings leave five times a second, and a link may never come up.
#
# knet_link_set_ping_timers takes milliseconds and returns 0 for an interval of 10 and a timeout of 20. One would expect a hundred
# pings a second, and a link between two ends on loopback that is up. The thread that sends them looks every 200 ms: five pings a
# second leave, whatever the interval, and a link whose timeout is so short is never connected, without an error or a line in the log.
#
# Octolink: beside libknet (and Corosync on top of it) no cut is noticed in less than some 200 ms, whatever is configured; what runs
# above it over octo0 must not be given a shorter time to live.
set -euo pipefail

KNET=1.25-1
cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip gcc unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
apt-get download -q "libknet1=$KNET" "libknet-dev=$KNET" >download.log 2>&1 || cannot "no libknet $KNET"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
echo "libknet $KNET"

cat >ends.c <<'PROGRAM'
/* Two ends of a link on loopback: ends INTERVAL-MS TIMEOUT-MS SECONDS */
#include <arpa/inet.h>
#include <libknet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int filter(void *data, const unsigned char *frame, ssize_t length, uint8_t direction, knet_node_id_t self,
                  knet_node_id_t source, int8_t *channel, knet_node_id_t *hosts, size_t *count) {
  (void)data, (void)frame, (void)length, (void)direction, (void)source, (void)channel;
  hosts[0] = 3 - self;
  *count = 1;
  return 0;
}
static void failed(void *data, int fd, int8_t channel, uint8_t direction, int error, int number) {
  (void)data, (void)fd, (void)channel, (void)direction, (void)error, (void)number;
}
static struct sockaddr_storage at(int id) {
  struct sockaddr_storage storage = {0};
  struct sockaddr_in *in = (struct sockaddr_in *)&storage;
  in->sin_family = AF_INET;
  in->sin_port = htons(50000 + id);
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return storage;
}
int main(int argc, char **argv) {
  knet_handle_t ends[3];
  struct knet_link_status status;
  if (argc != 4) return 64;
  for (int id = 1; id <= 2; id++) {
    struct sockaddr_storage local = at(id), remote = at(3 - id);
    int fd = 0;
    int8_t channel = 0;
    ends[id] = knet_handle_new(id, 0, KNET_LOG_ERR);
    if (knet_handle_enable_sock_notify(ends[id], NULL, failed) || knet_handle_add_datafd(ends[id], &fd, &channel) ||
        knet_handle_enable_filter(ends[id], NULL, filter) || knet_host_add(ends[id], 3 - id) ||
        knet_link_set_config(ends[id], 3 - id, 0, KNET_TRANSPORT_UDP, &local, &remote, 0)) return 1;
    if (knet_link_set_ping_timers(ends[id], 3 - id, 0, atoi(argv[1]), atoi(argv[2]), 2048)) return 2;
    if (knet_link_set_enable(ends[id], 3 - id, 0, 1) || knet_handle_setfwd(ends[id], 1)) return 1;
  }
  sleep(atoi(argv[3]));
  knet_link_get_status(ends[1], 2, 0, &status, sizeof status);
  printf("%lu %s\n", (unsigned long)status.stats.tx_ping_packets, status.connected ? "up" : "down");
  return 0;
}
PROGRAM
gcc -O2 ends.c -o ends -I package/usr/include -L "$LD_LIBRARY_PATH" -lknet || cannot 'it does not compile'

SECONDS_RUN=6
# try INTERVAL TIMEOUT: pings sent, and whether the link is up
try() { unshare -n sh -c "ip link set lo up && exec ./ends $1 $2 $SECONDS_RUN"; }
changed=
check() {
  read -r pings state <<<"$(try "$1" "$2")" || cannot 'the program failed'
  [ -n "$state" ] || { echo "CHANGED: timers of $1 and $2 ms are refused"; exit 1; }
  echo "interval $1 ms, timeout $2 ms: $pings pings in $SECONDS_RUN s, the link is $state"
  [ "$pings" -le 40 ] && [ "$state" = "$3" ] || changed=yes
}
check 200 1000 up
check 50 200 up
check 10 20 down
[ -z "$changed" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: five pings a second, and a short timeout keeps the link down'
