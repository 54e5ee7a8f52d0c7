// UDP sockets and the route's MTU.
#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cstring>

#include "addon.h"
#include "address.h"
#include "args.h"
#include "error.h"
#include "results.h"

namespace {

bool setOption(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

int getOption(int fd, int level, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, option, &value, &length) == 0 ? value : 0;
}

bool bindToDevice(int fd, const std::string& device) {
  const socklen_t length = static_cast<socklen_t>(device.size());
  return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.data(), length) == 0;
}

/// Sets a buffer's size over the system's limit where allowed, else up to it; 0 keeps the default.
bool setBuffer(int fd, int forced, int ordinary, int bytes) {
  return bytes == 0 || setOption(fd, SOL_SOCKET, forced, bytes) || setOption(fd, SOL_SOCKET, ordinary, bytes);
}

/// A buffer's size in the terms of setBuffer: the kernel doubles what is asked for to account its overhead.
int bufferSize(int fd, int option) { return getOption(fd, SOL_SOCKET, option) / 2; }

struct Socket {
  int family;
  std::string device;
  int receiveBuffer;
  int sendBuffer;
};

/// Sets everything that must stand before bind. Returns the option that failed, nullptr if none.
const char* configure(int fd, const Socket& socket) {
  const bool v4 = socket.family == 4;
  if (!socket.device.empty() && !bindToDevice(fd, socket.device)) return "SO_BINDTODEVICE";
  if (!v4 && !setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return "IPV6_V6ONLY";
  // Allows binding to an address that does not exist yet (DHCP, duplicate address detection).
  if (!(v4 ? setOption(fd, IPPROTO_IP, IP_FREEBIND, 1) : setOption(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1))) {
    return v4 ? "IP_FREEBIND" : "IPV6_FREEBIND";
  }
  if (!(v4 ? setOption(fd, IPPROTO_IP, IP_PKTINFO, 1)
           : setOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1))) {
    return v4 ? "IP_PKTINFO" : "IPV6_RECVPKTINFO";
  }
  // "Don't fragment", up to the MTU of the device: what ICMP said of the path binds nobody (RFC 8899).
  if (!(v4 ? setOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
           : setOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE))) {
    return v4 ? "IP_MTU_DISCOVER" : "IPV6_MTU_DISCOVER";
  }
  if (!setBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, socket.receiveBuffer)) return "SO_RCVBUF";
  if (!setBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, socket.sendBuffer)) return "SO_SNDBUF";
  return nullptr;
}

int boundPort(int fd) {
  Address address = {};
  address.length = sizeof address.v6;
  if (getsockname(fd, &address.any, &address.length) != 0) return 0;
  return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

int openSocket(int family) {
  return socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// Binds a socket where others of ours may overlap with it: all of them allow it for that moment, and nobody else ever can.
bool bindBeside(int fd, const Address& address, const Words& beside) {
  const auto allow = [&](int value) {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, value);
    for (size_t i = 0; i < beside.size; i++) setOption(beside.data[i], SOL_SOCKET, SO_REUSEADDR, value);
  };
  allow(1);
  const bool bound = bind(fd, &address.any, address.length) == 0;
  const int error = errno;
  allow(0);
  errno = error;
  return bound;
}

uint32_t scopeOf(const std::string& device) { return device.empty() ? 0 : if_nametoindex(device.c_str()); }

}  // namespace

namespace addon {

napi_value udpOpen(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string text = args.textOrNull(0, "address");
  const int port = args.int32(0, "port");
  const bool wantsGro = args.boolean(0, "gro");
  const Words beside = args.wordsOrNone(1);
  const Socket wanted = {
      args.int32(0, "family"),
      args.textOrNull(0, "device"),
      args.int32(0, "receiveBuffer"),
      args.int32(0, "sendBuffer"),
  };
  if (!args.ok()) return nullptr;
  if (port < 0 || port > UINT16_MAX) return throwRange(env, "a port is 0 to 65535");
  Address address;
  if (!parseAddress(wanted.family, text, static_cast<uint16_t>(port), scopeOf(wanted.device), &address)) {
    return throwErrno(env, EINVAL, "inet_pton", "not an address of the family");
  }

  const int fd = openSocket(wanted.family);
  if (fd < 0) return throwErrno(env, errno, "socket");
  const char* failed = configure(fd, wanted);
  if (failed == nullptr && !bindBeside(fd, address, beside)) failed = "bind";
  if (failed != nullptr) {
    const int error = errno;
    ::close(fd);
    return throwErrno(env, error, failed);
  }

  napi_value handle = makeObject(env);
  setInt32(env, handle, "fd", fd);
  setInt32(env, handle, "port", boundPort(fd));
  setBoolean(env, handle, "gro", wantsGro && setOption(fd, SOL_UDP, UDP_GRO, 1));
  // Segment size 0 is "off", so setting it tells whether the kernel knows UDP_SEGMENT and changes nothing.
  setBoolean(env, handle, "gso", setOption(fd, SOL_UDP, UDP_SEGMENT, 0));
  setInt32(env, handle, "receiveBuffer", bufferSize(fd, SO_RCVBUF));
  setInt32(env, handle, "sendBuffer", bufferSize(fd, SO_SNDBUF));
  return handle;
}

napi_value udpGro(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const bool on = args.boolean(1);
  if (!args.ok()) return nullptr;
  return makeBoolean(env, setOption(fd, SOL_UDP, UDP_GRO, on ? 1 : 0) && on);
}

napi_value udpDrops(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof memory;
  const bool isKnown = getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0;
  return makeDouble(env, isKnown ? memory[SK_MEMINFO_DROPS] : 0);
}

napi_value udpRetire(napi_env env, napi_callback_info info) {
  constexpr uint16_t kDiscardPort = 9;
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  Address own = {};
  own.length = sizeof own.v6;
  if (getsockname(fd, &own.any, &own.length) != 0) return throwErrno(env, errno, "getsockname");
  // From now on it gets only what comes from there, which is nothing; where that fails, it goes on as it is.
  Address nobody;
  const bool v4 = own.any.sa_family == AF_INET;
  parseAddress(v4 ? 4 : 6, v4 ? "127.0.0.1" : "::1", kDiscardPort, 0, &nobody);
  const bool isWildcard = v4 ? own.v4.sin_addr.s_addr == INADDR_ANY : IN6_IS_ADDR_UNSPECIFIED(&own.v6.sin6_addr);
  if (!isWildcard) {
    nobody = own;
    (v4 ? nobody.v4.sin_port : nobody.v6.sin6_port) = htons(kDiscardPort);
  }
  const int none = 0;
  setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, &none, 0);
  connect(fd, &nobody.any, nobody.length);
  return makeUndefined(env);
}

napi_value routeMtu(napi_env env, napi_callback_info info) {
  constexpr uint16_t kDiscardPort = 9;  // a connected UDP socket sends nothing by itself
  Args args(env, info);
  const int family = args.int32(0);
  const std::string remoteText = args.text(1);
  const std::string localText = args.textOrNull(2);
  const std::string device = args.textOrNull(3);
  const int mark = args.int32(4);
  if (!args.ok()) return nullptr;
  Address remote, local;
  if (!parseAddress(family, remoteText, kDiscardPort, scopeOf(device), &remote) ||
      !parseAddress(family, localText, 0, scopeOf(device), &local)) {
    return throwErrno(env, EINVAL, "inet_pton", "not an address of the family");
  }
  const int fd = openSocket(family);
  if (fd < 0) return throwErrno(env, errno, "socket");
  int mtu = 0;
  if ((device.empty() || bindToDevice(fd, device)) &&
      (mark == 0 || setOption(fd, SOL_SOCKET, SO_MARK, mark)) && bind(fd, &local.any, local.length) == 0 &&
      connect(fd, &remote.any, remote.length) == 0) {
    mtu = family == 4 ? getOption(fd, IPPROTO_IP, IP_MTU) : getOption(fd, IPPROTO_IPV6, IPV6_MTU);
  }
  ::close(fd);
  return makeInt32(env, mtu);
}

}  // namespace addon
