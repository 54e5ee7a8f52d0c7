/*
 * A TAP device joined to one peer by libknet: what kronosnetd was, for two hosts. Prints what libknet logs, each line
 * after its time in seconds since the epoch.
 *
 *   knet-tap MY-ID PEER-ID INTERVAL-MS TIMEOUT-MS POLICY CIPHER LOCAL REMOTE [LOCAL REMOTE ...]
 *
 * Links have the ids 0, 1, ...; a lower id has the higher priority. POLICY: 0 passive, 1 active. CIPHER: none or aes256.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libknet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 50000
#define PONG_COUNT 5
#define PRECISION 2048

static int peer;

static void check(int failed, const char *what) {
  if (!failed) return;
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int open_tap(void) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  check(tap < 0, "/dev/net/tun");
  strcpy(request.ifr_name, "octo0");
  check(ioctl(tap, TUNSETIFF, &request) < 0, "TUNSETIFF");
  return tap;
}

/* Everything is for the one peer there is. */
static int filter(void *data, const unsigned char *frame, ssize_t length, uint8_t direction, knet_node_id_t self,
                  knet_node_id_t source, int8_t *channel, knet_node_id_t *hosts, size_t *count) {
  (void)data, (void)frame, (void)length, (void)source, (void)channel;
  hosts[0] = direction == KNET_NOTIFY_TX ? peer : self;
  *count = 1;
  return 0;
}

static void socket_error(void *data, int fd, int8_t channel, uint8_t direction, int error, int number) {
  (void)data, (void)fd, (void)channel;
  if (error) fprintf(stderr, "TAP, %s: %s\n", direction == KNET_NOTIFY_TX ? "read" : "write", strerror(number));
}

static void address(struct sockaddr_storage *to, const char *text) {
  struct sockaddr_in *in = (struct sockaddr_in *)to;
  memset(to, 0, sizeof *to);
  in->sin_family = AF_INET;
  in->sin_port = htons(PORT);
  check(inet_pton(AF_INET, text, &in->sin_addr) != 1, text);
}

static void encrypt(knet_handle_t knet, const char *cipher) {
  struct knet_handle_crypto_cfg config = {.crypto_model = "openssl", .crypto_hash_type = "sha256"};
  if (strcmp(cipher, "none") == 0) return;
  strncpy(config.crypto_cipher_type, cipher, sizeof config.crypto_cipher_type - 1);
  /* A key for a lab: the same bytes at both ends, and no secret. */
  memset(config.private_key, 0x5a, KNET_MIN_KEY_LEN);
  config.private_key_len = KNET_MIN_KEY_LEN;
  check(knet_handle_crypto_set_config(knet, &config, 1), "crypto");
  check(knet_handle_crypto_use_config(knet, 1), "crypto");
  check(knet_handle_crypto_rx_clear_traffic(knet, KNET_CRYPTO_RX_DISALLOW_CLEAR_TRAFFIC), "crypto");
}

int main(int argc, char **argv) {
  int log[2], tap = open_tap();
  int8_t channel = 0;
  knet_handle_t knet;
  struct knet_log_msg message;

  if (argc < 9 || argc % 2 == 0) return 64;
  peer = atoi(argv[2]);
  check(pipe(log), "pipe");
  setvbuf(stdout, NULL, _IOLBF, 0);
  knet = knet_handle_new(atoi(argv[1]), log[1], KNET_LOG_INFO);
  check(knet == NULL, "knet_handle_new");
  encrypt(knet, argv[6]);
  check(knet_handle_enable_sock_notify(knet, NULL, socket_error), "sock_notify");
  check(knet_handle_add_datafd(knet, &tap, &channel), "datafd");
  check(knet_handle_enable_filter(knet, NULL, filter), "filter");
  check(knet_host_add(knet, peer), "host");
  check(knet_host_set_policy(knet, peer, atoi(argv[5])), "policy");
  for (int i = 7, link = 0; i + 1 < argc; i += 2, link++) {
    struct sockaddr_storage local, remote;
    address(&local, argv[i]);
    address(&remote, argv[i + 1]);
    check(knet_link_set_config(knet, peer, link, KNET_TRANSPORT_UDP, &local, &remote, 0), "link");
    check(knet_link_set_ping_timers(knet, peer, link, atoi(argv[3]), atoi(argv[4]), PRECISION), "timers");
    check(knet_link_set_pong_count(knet, peer, link, PONG_COUNT), "pong count");
    check(knet_link_set_priority(knet, peer, link, 100 - link), "priority");
    check(knet_link_set_enable(knet, peer, link, 1), "enable");
  }
  check(knet_handle_setfwd(knet, 1), "forwarding");
  while (read(log[0], &message, sizeof message) == sizeof message) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%ld.%03ld %s\n", (long)now.tv_sec, now.tv_nsec / 1000000, message.msg);
  }
  return 0;
}
