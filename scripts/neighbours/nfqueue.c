/*
 * Takes every packet of NFQUEUE 5, lets it pass, and says on SIGINT how many there were and how large. With the word
 * "gso" super-frames come whole, as a filter that knows them asks for; without, the kernel cuts them first.
 */
/* Before the headers of the kernel, which then leave out what is in it. */
#include <netinet/in.h>

#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { QUEUE = 5, COPY = 0xffff, LENGTH = 4096, SOCKET_BYTES = 8 << 20 };

static unsigned long packets, largest;
static volatile sig_atomic_t ended;

static void end(int number) { ended = number; }

static int pass(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data, void *none) {
  (void)message, (void)none;
  unsigned char *payload;
  int length = nfq_get_payload(data, &payload);
  packets++;
  if (length > (long)largest) largest = length;
  return nfq_set_verdict(queue, ntohl(nfq_get_msg_packet_hdr(data)->packet_id), NF_ACCEPT, 0, NULL);
}

int main(int argc, char **argv) {
  static char buffer[COPY + 4096] __attribute__((aligned));
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGINT, &action, NULL);
  struct nfq_handle *handle = nfq_open();
  struct nfq_q_handle *queue = handle ? nfq_create_queue(handle, QUEUE, pass, NULL) : NULL;
  if (!queue || nfq_set_mode(queue, NFQNL_COPY_PACKET, COPY) < 0 || nfq_set_queue_maxlen(queue, LENGTH) < 0) {
    perror("nfqueue");
    return 1;
  }
  if (argc > 1 && strcmp(argv[1], "gso") == 0 && nfq_set_queue_flags(queue, NFQA_CFG_F_GSO, NFQA_CFG_F_GSO) < 0) {
    perror("gso");
    return 1;
  }
  nfnl_rcvbufsiz(nfq_nfnlh(handle), SOCKET_BYTES);
  printf("ready\n");
  fflush(stdout);
  unsigned long overruns = 0;
  while (!ended) {
    int length = recv(nfq_fd(handle), buffer, sizeof buffer, 0);
    if (length >= 0) nfq_handle_packet(handle, buffer, length);
    else if (errno == ENOBUFS) overruns++;
    else if (errno != EINTR) break;
  }
  printf("%lu packets, largest %lu bytes, %lu overruns\n", packets, largest, overruns);
  return 0;
}
