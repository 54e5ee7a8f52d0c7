#!/usr/bin/env bash
# libknet 1.25: under the policy active, a packet that cannot be sent by the first link is not sent by the others either.
#
# Active sends each packet by all links, so that the loss of one costs nothing. But links are served in the order of their ids, and
# where the kernel refuses the send (no route, device down: EHOSTUNREACH, ENETUNREACH, ENETDOWN) the loop over them ends. Nothing
# reaches the other host, by two links of which one is sound, until silence has taken the dead one out of use: for the timeout of the
# link, seconds by default. knet_send reports success. The same death of the last link costs nothing.
#
# Octolink: Corosync over several links with the mode active is not protected against a route or device that goes on its own host; give it
# octo0 as one ring with several links below. Octolink takes a refused send for the death of the link, at once.
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
/* Two ends joined by two links under the policy active: ends COMMAND, which takes the way of one of them away. */
#include <arpa/inet.h>
#include <libknet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES 50
#define TIMEOUT_MS 20000
#define CHECK(call) do { if (call) { perror(#call); exit(1); } } while (0)

static knet_handle_t ends[3];
static int data[3];
static int8_t channel[3];

static int filter(void *unused, const unsigned char *frame, ssize_t length, uint8_t direction, knet_node_id_t self,
                  knet_node_id_t source, int8_t *to, knet_node_id_t *hosts, size_t *count) {
  (void)unused, (void)frame, (void)length, (void)source, (void)to;
  hosts[0] = direction == KNET_NOTIFY_TX ? 3 - self : self;
  *count = 1;
  return 0;
}
static void failed(void *unused, int fd, int8_t on, uint8_t direction, int error, int number) {
  (void)unused, (void)fd, (void)on, (void)direction, (void)error, (void)number;
}
static struct sockaddr_storage at(int link, int id) {
  struct sockaddr_storage storage = {0};
  struct sockaddr_in *in = (struct sockaddr_in *)&storage;
  in->sin_family = AF_INET;
  in->sin_port = htons(50000);
  in->sin_addr.s_addr = htonl(0x0a000000 + ((link + 1) << 16) + id);
  return storage;
}
static struct knet_link_status status(int link) {
  struct knet_link_status now;
  CHECK(knet_link_get_status(ends[1], 2, link, &now, sizeof now));
  return now;
}
/* How many messages of end 1 come to end 2. */
static int arriving(void) {
  char message[64] = "message";
  int count = 0;
  for (int i = 0; i < MESSAGES; i++) {
    if (knet_send(ends[1], message, sizeof message, channel[1]) != sizeof message) exit(1);
    usleep(10000);
  }
  usleep(500000);
  while (recv(data[2], message, sizeof message, MSG_DONTWAIT) > 0) count++;
  return count;
}
int main(int argc, char **argv) {
  if (argc != 2) return 64;
  for (int id = 1; id <= 2; id++) {
    ends[id] = knet_handle_new(id, 0, KNET_LOG_ERR);
    CHECK(knet_handle_enable_sock_notify(ends[id], NULL, failed) || knet_handle_enable_filter(ends[id], NULL, filter));
    CHECK(knet_handle_add_datafd(ends[id], &data[id], &channel[id]) || knet_host_add(ends[id], 3 - id));
    CHECK(knet_host_set_policy(ends[id], 3 - id, KNET_LINK_POLICY_ACTIVE));
    for (int link = 0; link < 2; link++) {
      struct sockaddr_storage local = at(link, id), remote = at(link, 3 - id);
      CHECK(knet_link_set_config(ends[id], 3 - id, link, KNET_TRANSPORT_UDP, &local, &remote, 0));
      CHECK(knet_link_set_ping_timers(ends[id], 3 - id, link, 200, TIMEOUT_MS, 2048));
      CHECK(knet_link_set_pong_count(ends[id], 3 - id, link, 2));
      CHECK(knet_link_set_enable(ends[id], 3 - id, link, 1));
    }
    CHECK(knet_handle_setfwd(ends[id], 1));
  }
  while (!status(0).connected || !status(1).connected) usleep(100000);
  sleep(2);
  int before = arriving();
  CHECK(system(argv[1]));
  int after = arriving();
  printf("%d %d %d %d\n", before, after, status(0).connected, status(1).connected);
  return 0;
}
PROGRAM
gcc -O2 ends.c -o ends -I package/usr/include -L "$LD_LIBRARY_PATH" -lknet || cannot 'it does not compile'

changed=
# check LINK ARRIVING: the way of that link goes, and how many of 50 messages must come then
check() {
  local far="10.$(($1 + 1)).0.2" words
  words=$(unshare -n sh -c "ip link set lo up
    for address in 10.1.0.1 10.1.0.2 10.2.0.1 10.2.0.2; do ip address add \$address/32 dev lo; done
    exec timeout 60 ./ends 'ip route del local $far table local && ip route add unreachable $far'") || cannot 'the program failed'
  read -r before after first second <<<"$words"
  echo "link $1 loses its route: $before of 50 messages came before, $after after; said to be up: link 0 $first, link 1 $second"
  [ "$before" = 50 ] && [ "$after" = "$2" ] && [ "$first$second" = 11 ] || changed=yes
}
check 0 0
check 1 50
[ -z "$changed" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: an error of the first link keeps packets from the second'
