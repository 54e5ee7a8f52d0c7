// What routers and hosts on the way answer to datagrams of a socket: its error queue (ICMP and ICMPv6).
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

// Needs what <time.h> declares.
#include <linux/errqueue.h>

#include <cstring>

#include "addon.h"
#include "address.h"
#include "args.h"
#include "ops.h"
#include "results.h"
#include "udp_errors.h"

namespace {

/// An error with who tells it, and the local address, which the kernel puts before it.
constexpr size_t kControl =
    CMSG_SPACE(sizeof(sock_extended_err) + sizeof(sockaddr_in6)) + CMSG_SPACE(sizeof(in6_pktinfo));

/// Fills a row from the control data of an error; false when it holds none.
bool describeError(msghdr* header, int32_t* row) {
  using namespace ops::SOCKET_ERROR;
  for (cmsghdr* control = CMSG_FIRSTHDR(header); control != nullptr; control = CMSG_NXTHDR(header, control)) {
    const bool isError = (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) ||
                         (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR);
    if (!isError || control->cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sizeof(sockaddr_in))) continue;
    sock_extended_err error;
    memcpy(&error, CMSG_DATA(control), sizeof error);
    row[ORIGIN] = error.ee_origin;
    row[TYPE] = error.ee_type;
    row[CODE] = error.ee_code;
    row[INFO] = static_cast<int32_t>(error.ee_info);
    writeEnd(reinterpret_cast<const sockaddr*>(CMSG_DATA(control) + sizeof error), row + FROM);
    return true;
  }
  return false;
}

bool isV6(int fd) {
  int family = 0;
  socklen_t length = sizeof family;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 && family == AF_INET6;
}

}  // namespace

bool tellErrors(int fd, bool on) {
  const int value = on ? 1 : 0;
  const bool v6 = isV6(fd);
  return setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &value, sizeof value) == 0;
}

bool tellsErrors(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  const bool v6 = isV6(fd);
  return getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &value, &length) == 0 &&
         value != 0;
}

namespace addon {

napi_value udpTellErrors(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const bool on = args.boolean(1);
  if (!args.ok()) return nullptr;
  return makeBoolean(env, tellErrors(fd, on) && on);
}

napi_value udpErrors(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const Words rows = args.words(1);
  if (!args.ok()) return nullptr;
  const int32_t max = static_cast<int32_t>(rows.size / ops::SOCKET_ERROR::WORDS);
  int32_t count = 0;
  while (count < max) {
    sockaddr_in6 remote = {};
    alignas(cmsghdr) uint8_t control[kControl];
    msghdr header = {};
    header.msg_name = &remote;
    header.msg_namelen = sizeof remote;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    int32_t* row = rows.data + count * ops::SOCKET_ERROR::WORDS;
    memset(row, 0, ops::SOCKET_ERROR::WORDS * sizeof *row);
    writeEnd(reinterpret_cast<const sockaddr*>(&remote), row + ops::SOCKET_ERROR::TO);
    if (describeError(&header, row)) count++;
  }
  return makeInt32(env, count);
}

}  // namespace addon
