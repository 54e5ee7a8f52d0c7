// Where the routing table leads (rtnetlink(7)).
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "addon.h"
#include "address.h"
#include "args.h"
#include "error.h"
#include "results.h"

namespace {

constexpr size_t kAnswer = 4096;

/// A question to the routing table: a message with room for its attributes.
struct Question {
  nlmsghdr header;
  rtmsg body;
  uint8_t attributes[128];
};

void add(Question* question, uint16_t type, const void* data, size_t length) {
  rtattr* attribute = reinterpret_cast<rtattr*>(reinterpret_cast<uint8_t*>(question) +
                                                NLMSG_ALIGN(question->header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(length));
  memcpy(RTA_DATA(attribute), data, length);
  question->header.nlmsg_len = static_cast<uint32_t>(NLMSG_ALIGN(question->header.nlmsg_len) + RTA_SPACE(length));
}

void addAddress(Question* question, uint16_t type, const Address& address) {
  if (question->body.rtm_family == AF_INET) add(question, type, &address.v4.sin_addr, sizeof address.v4.sin_addr);
  else add(question, type, &address.v6.sin6_addr, sizeof address.v6.sin6_addr);
}

/// Index of the device that a route leaves by; 0 when the answer names none.
int deviceOf(const nlmsghdr* message) {
  const rtmsg* body = static_cast<const rtmsg*>(NLMSG_DATA(message));
  int length = static_cast<int>(message->nlmsg_len) - static_cast<int>(NLMSG_SPACE(sizeof *body));
  for (const rtattr* attribute = RTM_RTA(body); RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    int index = 0;
    if (attribute->rta_type != RTA_OIF) continue;
    memcpy(&index, RTA_DATA(attribute), sizeof index);
    return index;
  }
  return 0;
}

/// The socket for questions of this thread: thousands of clients that come are as many questions.
class RoutesSocket {
 public:
  ~RoutesSocket() { reset(); }

  int get() {
    if (fd_ < 0) fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd_;
  }

  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

thread_local RoutesSocket routes;

}  // namespace

namespace addon {

napi_value routeDevice(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int family = args.int32(0);
  const std::string remoteText = args.text(1);
  const std::string localText = args.textOrNull(2);
  const int device = args.int32(3);
  const int mark = args.int32(4);
  if (!args.ok()) return nullptr;
  Address remote, local;
  if (!parseAddress(family, remoteText, 0, 0, &remote) || !parseAddress(family, localText, 0, 0, &local)) {
    return throwErrno(env, EINVAL, "inet_pton", "not an address of the family");
  }
  Question question = {};
  question.header.nlmsg_len = NLMSG_LENGTH(sizeof question.body);
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.rtm_family = static_cast<uint8_t>(remote.any.sa_family);
  question.body.rtm_dst_len = family == 4 ? 32 : 128;
  addAddress(&question, RTA_DST, remote);
  if (!localText.empty()) addAddress(&question, RTA_SRC, local);
  if (device != 0) add(&question, RTA_OIF, &device, sizeof device);
  if (mark != 0) add(&question, RTA_MARK, &mark, sizeof mark);
  const uint8_t protocol = IPPROTO_UDP;
  add(&question, RTA_IP_PROTO, &protocol, sizeof protocol);

  const int fd = routes.get();
  if (fd < 0) return throwErrno(env, errno, "socket");
  alignas(nlmsghdr) uint8_t answer[kAnswer];
  const bool isAsked = send(fd, &question, question.header.nlmsg_len, 0) >= 0;
  // The kernel answers before send returns.
  const ssize_t size = isAsked ? recv(fd, answer, sizeof answer, MSG_DONTWAIT) : -1;
  if (size < 0) {
    const int error = errno;
    // An answer that comes after all must not be taken for that to the next question.
    routes.reset();
    return throwErrno(env, error, "RTM_GETROUTE");
  }
  const nlmsghdr* message = reinterpret_cast<const nlmsghdr*>(answer);
  if (!NLMSG_OK(message, static_cast<size_t>(size)) || message->nlmsg_type != RTM_NEWROUTE) return makeInt32(env, 0);
  return makeInt32(env, deviceOf(message));
}

}  // namespace addon
