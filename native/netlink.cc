// Link, address and route events of the kernel (rtnetlink(7)).
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "ops.h"
#include "results.h"
#include "rtnetlink.h"

namespace {

constexpr int kReceiveBuffer = 1 << 20;
// The kernel fills a datagram of a dump up to the reader's buffer; its smallest event has 72 bytes.
constexpr size_t kDatagram = 8 * 1024;
constexpr int32_t kFewestRows = 128;
constexpr int32_t kFlagUp = 1;
constexpr int32_t kFlagRunning = 2;
constexpr int32_t kFlagVrf = 4;
constexpr int32_t kFlagDuplicate = 8;
constexpr uint32_t kLowerUp = 1 << 16;  // IFF_LOWER_UP of <linux/if.h>, which does not go together with <net/if.h>
constexpr size_t kNameBytes = 16;  // IFNAMSIZ
// Of <linux/if_link.h>, which knows them since Linux 5.5.
constexpr uint16_t kPropList = 52;   // IFLA_PROP_LIST
constexpr uint16_t kAltIfname = 53;  // IFLA_ALT_IFNAME

// Sequence numbers of the two dumps: the end of the first asks for the second, because a socket can only
// run one at a time.
constexpr uint32_t kLinkDump = 1;
constexpr uint32_t kAddressDump = 2;
// Of questions about single links.
constexpr uint32_t kQuestion = 3;

/// A message of the dump that runs said so. A thread reads one socket.
thread_local bool dumpInterrupted = false;

bool requestDump(int fd, uint16_t type, uint32_t sequence) {
  return ask(fd, type, NLM_F_DUMP, sequence, rtgenmsg{AF_UNSPEC});
}

const rtattr* findIn(const rtattr* attribute, int length, uint16_t type) {
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    if ((attribute->rta_type & ~NLA_F_NESTED) == type) return attribute;
  }
  return nullptr;
}

const rtattr* findAttribute(const nlmsghdr* message, size_t bodySize, uint16_t type) {
  const size_t skipped = NLMSG_SPACE(bodySize);
  const int length = static_cast<int>(message->nlmsg_len) - static_cast<int>(skipped);
  return findIn(reinterpret_cast<const rtattr*>(reinterpret_cast<const uint8_t*>(message) + skipped), length,
                type);
}

int32_t wordOf(const rtattr* attribute) {
  int32_t value = 0;
  if (attribute != nullptr && RTA_PAYLOAD(attribute) >= sizeof value) {
    memcpy(&value, RTA_DATA(attribute), sizeof value);
  }
  return value;
}

int32_t familyOf(uint8_t family) { return family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0; }

template <typename Body>
const Body* bodyOf(const nlmsghdr* message) {
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof(Body))) return nullptr;
  return static_cast<const Body*>(NLMSG_DATA(message));
}

bool isVrf(const nlmsghdr* message) {
  const rtattr* info = findAttribute(message, sizeof(ifinfomsg), IFLA_LINKINFO);
  if (info == nullptr) return false;
  const rtattr* kind = findIn(static_cast<const rtattr*>(RTA_DATA(info)), static_cast<int>(RTA_PAYLOAD(info)),
                              IFLA_INFO_KIND);
  return kind != nullptr && RTA_PAYLOAD(kind) >= sizeof "vrf" && memcmp(RTA_DATA(kind), "vrf", sizeof "vrf") == 0;
}

void copyName(int32_t* to, const rtattr* name) {
  const size_t length = RTA_PAYLOAD(name);
  memcpy(to, RTA_DATA(name), length < kNameBytes ? length : kNameBytes);
}

/// Those that could be names of their own (`ip link property`), as far as there is room.
void copyAlternativeNames(int32_t* to, const int32_t* end, const rtattr* list) {
  if (list == nullptr) return;
  int length = static_cast<int>(RTA_PAYLOAD(list));
  const rtattr* name = static_cast<const rtattr*>(RTA_DATA(list));
  for (; RTA_OK(name, length) && to < end; name = RTA_NEXT(name, length)) {
    if ((name->rta_type & ~NLA_F_NESTED) != kAltIfname || RTA_PAYLOAD(name) > kNameBytes) continue;
    copyName(to, name);
    to += ops::NETLINK::NAME_WORDS;
  }
}

bool describeLink(const nlmsghdr* message, int32_t* row) {
  using namespace ops::NETLINK;
  const ifinfomsg* body = bodyOf<ifinfomsg>(message);
  // A port that leaves a bridge is reported as AF_BRIDGE "link gone"; the link itself remains.
  if (body == nullptr || body->ifi_family != AF_UNSPEC) return false;
  row[KIND] = message->nlmsg_type == RTM_DELLINK      ? ops::NETLINK_KIND::LINK_GONE
              : message->nlmsg_seq == kQuestion ? ops::NETLINK_KIND::LINK_ANSWER
                                                : ops::NETLINK_KIND::LINK;
  row[IFINDEX] = body->ifi_index;
  if ((body->ifi_flags & IFF_UP) != 0) row[FLAGS] |= kFlagUp;
  // The operational state, which older kernels bring up to date late only, and the carrier as it is.
  constexpr uint32_t kRunning = IFF_RUNNING | kLowerUp;
  if ((body->ifi_flags & kRunning) == kRunning) row[FLAGS] |= kFlagRunning;
  if (isVrf(message)) row[FLAGS] |= kFlagVrf;
  row[MTU] = wordOf(findAttribute(message, sizeof *body, IFLA_MTU));
  row[MASTER] = wordOf(findAttribute(message, sizeof *body, IFLA_MASTER));
  // The other end of a veth may be in another namespace, where its index means something else.
  if (findAttribute(message, sizeof *body, IFLA_LINK_NETNSID) == nullptr) {
    row[LOWER] = wordOf(findAttribute(message, sizeof *body, IFLA_LINK));
  }
  const rtattr* name = findAttribute(message, sizeof *body, IFLA_IFNAME);
  if (name != nullptr) {
    copyName(row + NAMES, name);
    copyAlternativeNames(row + NAMES + NAME_WORDS, row + WORDS, findAttribute(message, sizeof *body, kPropList));
  }
  return true;
}

bool describeAddress(const nlmsghdr* message, int32_t* row) {
  using namespace ops::NETLINK;
  const ifaddrmsg* body = bodyOf<ifaddrmsg>(message);
  if (body == nullptr || familyOf(body->ifa_family) == 0) return false;
  // On a point-to-point link IFA_ADDRESS is the other end's; IFA_LOCAL is ours wherever it is present.
  const rtattr* address = findAttribute(message, sizeof *body, IFA_LOCAL);
  if (address == nullptr) address = findAttribute(message, sizeof *body, IFA_ADDRESS);
  if (address == nullptr) return false;
  const rtattr* flags = findAttribute(message, sizeof *body, IFA_FLAGS);
  const uint32_t state = flags == nullptr ? body->ifa_flags : static_cast<uint32_t>(wordOf(flags));
  // While duplicate address detection runs (RFC 4862) nothing can be sent from an address; its end is told again.
  const bool isUsable = (state & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0 || (state & IFA_F_OPTIMISTIC) != 0;
  const bool isThere = message->nlmsg_type == RTM_NEWADDR && isUsable;
  row[KIND] = isThere ? ops::NETLINK_KIND::ADDRESS : ops::NETLINK_KIND::ADDRESS_GONE;
  if (message->nlmsg_type == RTM_NEWADDR && (state & IFA_F_DADFAILED) != 0) row[FLAGS] |= kFlagDuplicate;
  row[IFINDEX] = static_cast<int32_t>(body->ifa_index);
  row[FAMILY] = familyOf(body->ifa_family);
  const size_t length = row[FAMILY] == 4 ? 4 : 16;
  memcpy(row + ADDR, RTA_DATA(address), RTA_PAYLOAD(address) < length ? RTA_PAYLOAD(address) : length);
  return true;
}

/// Cloned routes are the kernel's own cache entries.
bool isCloned(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) return false;
  const rtmsg* body = bodyOf<rtmsg>(message);
  return body == nullptr || (body->rtm_flags & RTM_F_CLONED) != 0;
}

/// Fills `row` from an event; false for a message that is none.
bool describe(const nlmsghdr* message, int32_t* row) {
  memset(row, 0, ops::NETLINK::WORDS * sizeof *row);
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return describeLink(message, row);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return describeAddress(message, row);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
    case RTM_NEWRULE:
    case RTM_DELRULE:
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
      row[ops::NETLINK::KIND] = ops::NETLINK_KIND::ROUTE;
      return !isCloned(message);
    case NLMSG_DONE:
      row[ops::NETLINK::KIND] = ops::NETLINK_KIND::DUMP_END;
      return message->nlmsg_seq == kAddressDump;
    default:
      return false;
  }
}

enum class Parsed { kTaken, kNoRoom, kOverrun };

/// Turns one datagram into rows, from row `*count` on. Of changes of routes one call tells the first only.
Parsed parse(const uint8_t* datagram, size_t size, const Words& rows, int32_t* count, bool* routesTold,
             bool* linksDumped) {
  const int32_t room = static_cast<int32_t>(rows.size / ops::NETLINK::WORDS);
  int32_t next = *count;
  bool hasRoutes = *routesTold;
  const nlmsghdr* message = reinterpret_cast<const nlmsghdr*>(datagram);
  for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
    // The link that was asked about is gone, which is told by itself.
    if (message->nlmsg_type == NLMSG_ERROR && message->nlmsg_seq == kQuestion) continue;
    // The kernel refuses a dump while another one runs on this socket: the caller must ask again.
    if (message->nlmsg_type == NLMSG_ERROR) return Parsed::kOverrun;
    dumpInterrupted |= isInterrupted(message);
    const bool isEnd = message->nlmsg_type == NLMSG_DONE && message->nlmsg_seq == kAddressDump;
    if (isEnd && dumpInterrupted) return Parsed::kOverrun;
    if (message->nlmsg_type == NLMSG_DONE) *linksDumped = message->nlmsg_seq == kLinkDump;
    int32_t row[ops::NETLINK::WORDS];
    if (!describe(message, row)) continue;
    const bool isRoute = row[ops::NETLINK::KIND] == ops::NETLINK_KIND::ROUTE;
    if (isRoute && hasRoutes) continue;
    if (next == room) return Parsed::kNoRoom;
    hasRoutes |= isRoute;
    memcpy(rows.data + next * ops::NETLINK::WORDS, row, sizeof row);
    next++;
  }
  *count = next;
  *routesTold = hasRoutes;
  return Parsed::kTaken;
}

/// Throws away what has come, and the rest of a dump that runs; 0 or an errno. From an overrun on until its queue has been empty once
/// the kernel drops events without a word, refusals too, and a dump that goes on would end as if it were the next one.
int drain(int fd) {
  alignas(nlmsghdr) uint8_t datagram[kDatagram];
  for (;;) {
    if (recv(fd, datagram, sizeof datagram, MSG_DONTWAIT) >= 0 || errno == EINTR || errno == ENOBUFS) continue;
    return errno == EAGAIN ? 0 : errno;
  }
}

napi_value overrun(napi_env env, int fd) {
  constexpr int32_t kOverrun = -1;
  const int error = drain(fd);
  return error == 0 ? makeInt32(env, kOverrun) : throwErrno(env, error, "recv");
}

}  // namespace

namespace addon {

napi_value netlinkOpen(napi_env env, napi_callback_info) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return throwErrno(env, errno, "socket");
  // A larger queue only makes overruns rarer; without the privilege the ordinary size serves.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  sockaddr_nl local = {};
  local.nl_family = AF_NETLINK;
  local.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
      RTMGRP_IPV4_RULE | 1u << (RTNLGRP_IPV6_RULE - 1);
  // Beyond the groups of the address; older kernels have no next hops apart from routes.
  const int nextHops = RTNLGRP_NEXTHOP;
  setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nextHops, sizeof nextHops);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    const int error = errno;
    ::close(fd);
    return throwErrno(env, error, "bind");
  }
  return makeInt32(env, fd);
}

napi_value netlinkDump(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  dumpInterrupted = false;
  if (!requestDump(fd, RTM_GETLINK, kLinkDump)) return throwErrno(env, errno, "send");
  return makeUndefined(env);
}

napi_value netlinkQuestion(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t ifindex = args.int32(0);
  if (!args.ok()) return nullptr;
  struct {
    nlmsghdr header;
    ifinfomsg body;
    rtattr attribute;
    uint32_t mask;
  } question = {};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = RTM_GETLINK;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = kQuestion;
  question.body.ifi_index = ifindex;
  question.attribute.rta_len = RTA_LENGTH(sizeof question.mask);
  question.attribute.rta_type = IFLA_EXT_MASK;
  question.mask = RTEXT_FILTER_SKIP_STATS;
  return makeBytes(env, &question, sizeof question);
}

napi_value netlinkRead(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const Words rows = args.words(1);
  if (!args.ok()) return nullptr;
  if (rows.size < kFewestRows * ops::NETLINK::WORDS) return throwRange(env, "no room for the events of one datagram");
  alignas(nlmsghdr) static thread_local uint8_t datagram[kDatagram];

  int32_t count = 0;
  bool routesTold = false;
  for (;;) {
    sockaddr_nl sender = {};
    socklen_t senderLength = sizeof sender;
    // Peeked first: a datagram whose events do not fit any more stays queued for the next call.
    const ssize_t size = recvfrom(fd, datagram, sizeof datagram, MSG_DONTWAIT | MSG_PEEK,
                                  reinterpret_cast<sockaddr*>(&sender), &senderLength);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return makeInt32(env, count);
      if (errno == ENOBUFS) return overrun(env, fd);
      return throwErrno(env, errno, "recvfrom");
    }
    Parsed parsed = Parsed::kTaken;
    bool linksDumped = false;
    const bool fromKernel = sender.nl_pid == 0;
    if (fromKernel) {
      parsed = parse(datagram, static_cast<size_t>(size), rows, &count, &routesTold, &linksDumped);
    }
    if (parsed == Parsed::kNoRoom && count > 0) return makeInt32(env, count);
    // An overrun since it was peeked at is reported in its place.
    const bool isTaken = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT) >= 0;
    if (!isTaken || parsed != Parsed::kTaken) return overrun(env, fd);
    if (linksDumped && !requestDump(fd, RTM_GETADDR, kAddressDump)) return throwErrno(env, errno, "send");
  }
}

}  // namespace addon
