// Questions to the kernel by rtnetlink(7).
#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstdint>

/// Whether what a dump tells changed while it was told, so that some may be missing from it (netlink(7)): it has to be asked for again.
inline bool isInterrupted(const nlmsghdr* message) { return (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0; }

/// Sends a question that consists of its fixed part; false, with errno, when it cannot be sent. NLM_F_REQUEST is added to `flags`.
template <typename Body>
bool ask(int fd, uint16_t type, uint16_t flags, uint32_t sequence, const Body& body) {
  struct {
    nlmsghdr header;
    Body body;
  } request = {};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof body);
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = NLM_F_REQUEST | flags;
  request.header.nlmsg_seq = sequence;
  request.body = body;
  return send(fd, &request, request.header.nlmsg_len, 0) >= 0;
}
