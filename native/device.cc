// What the kernel says of one network device, asked by rtnetlink(7) without another program.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "results.h"
#include "rtnetlink.h"

namespace {

constexpr size_t kDatagram = 32 * 1024;
// A kernel that is busy removing a namespace may hold its network lock for seconds.
constexpr timeval kPatience = {10, 0};
constexpr uint32_t kLink = 1;
constexpr uint32_t kAddresses = 2;
constexpr uint32_t kTries = 100;
// Whoever sets up many devices at once changes addresses for milliseconds on end.
constexpr timespec kPause = {0, 1'000'000};
constexpr size_t kMacBytes = 6;

struct Device {
  bool isUp = false;
  uint32_t mtu = 0;
  uint32_t queueFrames = 0;
  std::string mac;
  std::string alias;
  std::vector<std::string> addresses;
};

uint32_t wordOf(const rtattr* attribute) {
  uint32_t value = 0;
  if (RTA_PAYLOAD(attribute) >= sizeof value) memcpy(&value, RTA_DATA(attribute), sizeof value);
  return value;
}

std::string macOf(const rtattr* attribute) {
  if (RTA_PAYLOAD(attribute) != kMacBytes) return std::string();
  const uint8_t* bytes = static_cast<const uint8_t*>(RTA_DATA(attribute));
  char text[3 * kMacBytes];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
           bytes[5]);
  return text;
}

void readLink(const nlmsghdr* message, Device* device) {
  const ifinfomsg* body = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
  device->isUp = (body->ifi_flags & IFF_UP) != 0;
  int length = static_cast<int>(IFLA_PAYLOAD(message));
  for (const rtattr* attribute = IFLA_RTA(body); RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    switch (attribute->rta_type) {
      case IFLA_MTU:
        device->mtu = wordOf(attribute);
        break;
      case IFLA_TXQLEN:
        device->queueFrames = wordOf(attribute);
        break;
      case IFLA_ADDRESS:
        device->mac = macOf(attribute);
        break;
      case IFLA_IFALIAS: {
        const char* text = static_cast<const char*>(RTA_DATA(attribute));
        device->alias.assign(text, strnlen(text, RTA_PAYLOAD(attribute)));
        break;
      }
      default:
        break;
    }
  }
}

void readAddress(const nlmsghdr* message, uint32_t ifindex, Device* device) {
  const ifaddrmsg* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(message));
  if (body->ifa_index != ifindex || (body->ifa_family != AF_INET && body->ifa_family != AF_INET6)) return;
  // On a point-to-point device IFA_ADDRESS is the other end's; IFA_LOCAL is ours wherever it is present.
  const rtattr* ours = nullptr;
  int length = static_cast<int>(IFA_PAYLOAD(message));
  for (const rtattr* attribute = IFA_RTA(body); RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type == IFA_LOCAL || (attribute->rta_type == IFA_ADDRESS && ours == nullptr)) ours = attribute;
  }
  const size_t size = body->ifa_family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
  char text[INET6_ADDRSTRLEN];
  if (ours == nullptr || RTA_PAYLOAD(ours) < size) return;
  if (inet_ntop(body->ifa_family, RTA_DATA(ours), text, sizeof text) == nullptr) return;
  device->addresses.push_back(std::string(text) + "/" + std::to_string(body->ifa_prefixlen));
}

/// Reads what answers the question `sequence` to its end; 0 or an errno, EAGAIN if the answer changed while it was given, or the kernel
/// had no memory for the rest of it.
int readAnswer(int fd, uint32_t sequence, uint32_t ifindex, Device* device) {
  bool hasChanged = false;
  alignas(nlmsghdr) static thread_local uint8_t datagram[kDatagram];
  for (;;) {
    const ssize_t size = recv(fd, datagram, sizeof datagram, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? ETIMEDOUT : errno == ENOBUFS ? EAGAIN : errno;
    size_t left = static_cast<size_t>(size);
    const nlmsghdr* message = reinterpret_cast<const nlmsghdr*>(datagram);
    for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_seq != sequence) continue;
      hasChanged |= isInterrupted(message);
      if (message->nlmsg_type == NLMSG_DONE) return hasChanged ? EAGAIN : 0;
      if (message->nlmsg_type == NLMSG_ERROR) {
        return message->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))
                   ? EPROTO
                   : -static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
      }
      if (message->nlmsg_type == RTM_NEWADDR && message->nlmsg_len >= NLMSG_LENGTH(sizeof(ifaddrmsg))) {
        readAddress(message, ifindex, device);
      } else if (message->nlmsg_type == RTM_NEWLINK && message->nlmsg_len >= NLMSG_LENGTH(sizeof(ifinfomsg))) {
        readLink(message, device);
        return 0;
      }
    }
  }
}

/// 0 or an errno, EAGAIN if it has to be asked again.
int askOn(int fd, uint32_t ifindex, Device* device) {
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  // From Linux 4.20 on the answer is of this device alone then; older kernels tell of all.
  const int strict = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof strict);
  ifinfomsg link = {};
  link.ifi_index = static_cast<int>(ifindex);
  if (!ask(fd, RTM_GETLINK, 0, kLink, link)) return errno;
  const int error = readAnswer(fd, kLink, ifindex, device);
  if (error != 0) return error;
  ifaddrmsg addresses = {};
  addresses.ifa_index = ifindex;
  if (!ask(fd, RTM_GETADDR, NLM_F_DUMP, kAddresses, addresses)) return errno;
  return readAnswer(fd, kAddresses, ifindex, device);
}

/// 0 or an errno. Each try has a socket of its own: on one whose dump has stopped the kernel refuses another.
int askAll(uint32_t ifindex, Device* device) {
  int error = EAGAIN;
  for (uint32_t tried = 0; tried < kTries && error == EAGAIN; tried++) {
    if (tried > 0) nanosleep(&kPause, nullptr);
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return errno;
    *device = Device();
    error = askOn(fd, ifindex, device);
    ::close(fd);
  }
  return error;
}

}  // namespace

namespace addon {

napi_value deviceState(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string name = args.text(0);
  if (!args.ok()) return nullptr;
  const uint32_t ifindex = if_nametoindex(name.c_str());
  if (ifindex == 0) return throwErrno(env, errno, "if_nametoindex");
  Device device;
  const int error = askAll(ifindex, &device);
  if (error != 0) return throwErrno(env, error, "RTM_GETLINK");

  napi_value state = makeObject(env);
  setBoolean(env, state, "isUp", device.isUp);
  setInt32(env, state, "mtu", static_cast<int32_t>(device.mtu));
  setInt32(env, state, "queueFrames", static_cast<int32_t>(device.queueFrames));
  napi_set_named_property(env, state, "mac", makeText(env, device.mac));
  napi_set_named_property(env, state, "alias", makeText(env, device.alias));
  napi_value addresses = nullptr;
  napi_create_array_with_length(env, device.addresses.size(), &addresses);
  for (size_t i = 0; i < device.addresses.size(); i++) {
    napi_set_element(env, addresses, static_cast<uint32_t>(i), makeText(env, device.addresses[i]));
  }
  napi_set_named_property(env, state, "addresses", addresses);
  return state;
}

}  // namespace addon
