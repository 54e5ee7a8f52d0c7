// The TAP device: frames with a virtio-net header in front, so that checksums and segmentation stay undone.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "ops.h"
#include "results.h"

#ifndef TUN_F_USO4  // Linux 6.2; older headers lack them
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef TUN_F_UDP_TUNNEL_GSO  // Linux 6.17
#define TUN_F_UDP_TUNNEL_GSO 0x80
#define TUN_F_UDP_TUNNEL_GSO_CSUM 0x100
#endif

namespace {

constexpr short kForm = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;

struct Offloads {
  bool checksum;
  bool tso;
  bool uso;
  bool tunnel;
};

bool announce(int fd, const Offloads& offloads) {
  unsigned long flags = 0;
  if (offloads.checksum) flags |= TUN_F_CSUM;
  if (offloads.tso) flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (offloads.uso) flags |= TUN_F_USO4 | TUN_F_USO6;
  if (offloads.tunnel) flags |= TUN_F_UDP_TUNNEL_GSO | TUN_F_UDP_TUNNEL_GSO_CSUM;
  return ioctl(fd, TUNSETOFFLOAD, flags) == 0;
}

/// Announces what the kernel takes of `offloads`, giving up the youngest one first. False leaves errno.
bool negotiateOffloads(int fd, Offloads* offloads) {
  if (announce(fd, *offloads)) return true;
  if (errno != EINVAL) return false;
  offloads->tunnel = false;
  if (announce(fd, *offloads)) return true;
  offloads->uso = false;
  if (announce(fd, *offloads)) return true;
  offloads->tso = false;
  if (announce(fd, *offloads)) return true;
  offloads->checksum = false;
  return announce(fd, *offloads);
}

napi_value makeOffloads(napi_env env, const Offloads& offloads) {
  napi_value object = makeObject(env);
  setBoolean(env, object, "checksum", offloads.checksum);
  setBoolean(env, object, "tso", offloads.tso);
  setBoolean(env, object, "uso", offloads.uso);
  setBoolean(env, object, "tunnel", offloads.tunnel);
  return object;
}

napi_value closeAndThrow(napi_env env, int fd, const char* syscall) {
  const int error = errno;
  ::close(fd);
  return throwErrno(env, error, syscall);
}

/// Brings a descriptor that is attached to `name` into the form that frames are read and written in, and returns
/// its handle. Closes it on an error.
napi_value setUp(napi_env env, int fd, const std::string& name, Offloads offloads, int32_t sendBuffer,
                 short flags, bool existed) {
  const int headerSize = ops::VNET::HEADER;
  const int littleEndian = 1;
  if (ioctl(fd, TUNSETVNETHDRSZ, &headerSize) != 0) return closeAndThrow(env, fd, "TUNSETVNETHDRSZ");
  if (ioctl(fd, TUNSETVNETLE, &littleEndian) != 0) return closeAndThrow(env, fd, "TUNSETVNETLE");
  if (!negotiateOffloads(fd, &offloads)) return closeAndThrow(env, fd, "TUNSETOFFLOAD");
  if (sendBuffer > 0 && ioctl(fd, TUNSETSNDBUF, &sendBuffer) != 0) {
    return closeAndThrow(env, fd, "TUNSETSNDBUF");
  }
  const unsigned int index = if_nametoindex(name.c_str());
  if (index == 0) return closeAndThrow(env, fd, "if_nametoindex");

  napi_value handle = makeObject(env);
  setInt32(env, handle, "fd", fd);
  setInt32(env, handle, "ifindex", static_cast<int32_t>(index));
  setBoolean(env, handle, "multiQueue", (flags & IFF_MULTI_QUEUE) != 0);
  setBoolean(env, handle, "existed", existed);
  napi_set_named_property(env, handle, "granted", makeOffloads(env, offloads));
  return handle;
}

/// What the kernel says of a descriptor; false when it is none of a TAP in the form of `tapOpen`.
bool isOurForm(int fd, ifreq* request) {
  if (ioctl(fd, TUNGETIFF, request) != 0) return false;
  return (request->ifr_flags & (kForm | IFF_TUN)) == kForm;
}

/// A descriptor of a new queue of the device `name`, which is made if it is not there; a negative errno.
int attach(const std::string& name, short flags) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  ifreq request = {};
  memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = flags;
  if (ioctl(fd, TUNSETIFF, &request) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

/// '%' would make the kernel choose a number.
bool isName(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ && name.find('%') == std::string::npos;
}

}  // namespace

namespace addon {

napi_value tapOpen(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string name = args.text(0, "name");
  Offloads offloads = {args.boolean(0, "checksum"), args.boolean(0, "tso"), args.boolean(0, "uso"),
                       args.boolean(0, "tunnel")};
  const int32_t sendBuffer = args.int32(0, "sendBuffer");
  const bool multiQueue = args.boolean(0, "multiQueue");
  if (!args.ok()) return nullptr;
  if (!isName(name)) {
    return throwErrno(env, EINVAL, "TUNSETIFF", "interface names have 1 to 15 bytes, none of them '%'");
  }

  const bool existed = if_nametoindex(name.c_str()) != 0;
  short flags = static_cast<short>(kForm | (multiQueue ? IFF_MULTI_QUEUE : 0));
  int fd = attach(name, flags);
  if (fd == -EINVAL) {
    // The device that is there has the other form.
    flags ^= IFF_MULTI_QUEUE;
    fd = attach(name, flags);
  }
  if (fd == -EINVAL && if_nametoindex(name.c_str()) != 0) {
    return throwErrno(env, EEXIST, "TUNSETIFF", "the interface exists and is no TAP");
  }
  if (fd < 0) return throwErrno(env, -fd, "TUNSETIFF");
  return setUp(env, fd, name, offloads, sendBuffer, flags, existed);
}

napi_value tapAddQueue(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string name = args.text(0);
  const int32_t index = args.int32(1);
  if (!args.ok()) return nullptr;
  // Of a name that is not there, the kernel would make a new device.
  if (!isName(name) || index <= 0 || if_nametoindex(name.c_str()) != static_cast<unsigned>(index)) {
    return throwErrno(env, ENODEV, "TUNSETIFF");
  }
  const int fd = attach(name, kForm | IFF_MULTI_QUEUE);
  return fd < 0 ? throwErrno(env, -fd, "TUNSETIFF") : makeInt32(env, fd);
}

napi_value tapName(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  ifreq request = {};
  if (isOurForm(fd, &request)) return makeText(env, request.ifr_name);
  napi_value none = nullptr;
  napi_get_null(env, &none);
  return none;
}

napi_value tapAdopt(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const std::string name = args.text(1, "name");
  const Offloads offloads = {args.boolean(1, "checksum"), args.boolean(1, "tso"), args.boolean(1, "uso"),
                             args.boolean(1, "tunnel")};
  const int32_t sendBuffer = args.int32(1, "sendBuffer");
  if (!args.ok()) return nullptr;
  ifreq request = {};
  if (!isOurForm(fd, &request) || name != request.ifr_name) {
    errno = ENODEV;
    return closeAndThrow(env, fd, "TUNGETIFF");
  }
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return closeAndThrow(env, fd, "fcntl");
  // One that does not persist has been held by daemons alone since the first of them made it.
  return setUp(env, fd, name, offloads, sendBuffer, request.ifr_flags, (request.ifr_flags & IFF_PERSIST) != 0);
}

napi_value tapOffloads(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  Offloads offloads = {args.boolean(1, "checksum"), args.boolean(1, "tso"), args.boolean(1, "uso"),
                       args.boolean(1, "tunnel")};
  if (!args.ok()) return nullptr;
  if (!negotiateOffloads(fd, &offloads)) return throwErrno(env, errno, "TUNSETOFFLOAD");
  return makeOffloads(env, offloads);
}

napi_value tapPersist(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const bool persist = args.boolean(1);
  if (!args.ok()) return nullptr;
  if (ioctl(fd, TUNSETPERSIST, persist ? 1 : 0) != 0) return throwErrno(env, errno, "TUNSETPERSIST");
  return makeUndefined(env);
}

napi_value tapAddress(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  const Bytes mac = args.bytes(1);
  if (!args.ok()) return nullptr;
  if (mac.size != ETH_ALEN) return throwRange(env, "a MAC address has 6 bytes");
  ifreq request = {};
  if (ioctl(fd, SIOCGIFHWADDR, &request) != 0) return throwErrno(env, errno, "SIOCGIFHWADDR");
  char* current = request.ifr_hwaddr.sa_data;
  if (memcmp(current, mac.data, ETH_ALEN) == 0) return makeUndefined(env);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  memcpy(current, mac.data, ETH_ALEN);
  if (ioctl(fd, SIOCSIFHWADDR, &request) != 0) return throwErrno(env, errno, "SIOCSIFHWADDR");
  return makeUndefined(env);
}

}  // namespace addon
