// What ICMP says of datagrams that were sent: nobody listens where they went.
#include "udp_errors.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>  // wants timespec

#include "addon.h"
#include "address.h"
#include "args.h"
#include "error.h"
#include "results.h"

namespace {

/// Messages of the error queue that one call takes at most: whoever forges them shall not hold the thread up.
constexpr int kMost = 64;
constexpr size_t kControl = 512;

bool isV4(int fd) {
  int domain = AF_INET6;
  socklen_t length = sizeof domain;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  return domain == AF_INET;
}

/// Whether a message of the error queue is ICMP's that a port is closed.
bool isRefusal(msghdr* header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(header); control != nullptr; control = CMSG_NXTHDR(header, control)) {
    const bool v4 = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR;
    const bool v6 = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    sock_extended_err error;
    memcpy(&error, CMSG_DATA(control), sizeof error);
    return error.ee_errno == ECONNREFUSED && error.ee_origin == (v4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6);
  }
  return false;
}

}  // namespace

bool setErrors(int fd, bool on) {
  const int value = on ? 1 : 0;
  const bool v4 = isV4(fd);
  return setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &value, sizeof value) == 0;
}

bool hasErrors(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  const bool v4 = isV4(fd);
  return getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &value, &length) == 0 &&
         value != 0;
}

namespace addon {

napi_value udpErrors(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const bool on = args.boolean(1);
  if (!args.ok()) return nullptr;
  return makeBoolean(env, setErrors(fd, on) && on);
}

napi_value udpRefused(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const Words rows = args.words(1);
  if (!args.ok()) return nullptr;
  const auto room = static_cast<int32_t>(rows.size / ops::PATH::WORDS);
  int32_t count = 0;
  for (int taken = 0; taken < kMost && count < room; taken++) {
    sockaddr_in6 name = {};
    alignas(cmsghdr) uint8_t control[kControl];
    msghdr header = {};
    header.msg_name = &name;
    header.msg_namelen = sizeof name;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    if (!isRefusal(&header)) continue;
    int32_t* path = rows.data + static_cast<size_t>(count++) * ops::PATH::WORDS;
    memset(path, 0, ops::PATH::WORDS * sizeof *path);
    describeRemote(name, path);
  }
  return makeInt32(env, count);
}

}  // namespace addon
