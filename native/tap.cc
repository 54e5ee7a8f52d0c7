// The TAP device: frames with a virtio-net header in front, so that checksums and segmentation stay undone.
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "flow.h"
#include "helpers.h"
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

constexpr int32_t kMaxParts = 1024;  // UIO_MAXIOV

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
                 bool existed) {
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
  setBoolean(env, handle, "existed", existed);
  napi_set_named_property(env, handle, "granted", makeOffloads(env, offloads));
  return handle;
}

/// What the kernel says of a descriptor; false when it is none of a TAP in the form of `tapOpen`.
bool isOurForm(int fd, ifreq* request) {
  if (ioctl(fd, TUNGETIFF, request) != 0) return false;
  const int form = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  return (request->ifr_flags & (form | IFF_TUN | IFF_MULTI_QUEUE)) == form;
}

/// Writes one frame whose parts (byte offset, length) start at `parts`; 0 or a negative errno.
int32_t writeFrame(const Bytes& arena, int fd, const int32_t* parts, int32_t count) {
  static thread_local iovec vector[kMaxParts];
  if (count == 0 || count > kMaxParts) return -EINVAL;
  for (int32_t i = 0; i < count; i++) {
    const int32_t offset = parts[2 * i];
    const int32_t length = parts[2 * i + 1];
    if (!arena.holds(offset, length)) return -EINVAL;
    vector[i] = {arena.data + offset, static_cast<size_t>(length)};
  }
  while (writev(fd, vector, count) < 0) {
    if (errno != EINTR) return -errno;
  }
  return 0;
}

/// Words of a row with `parts` parts.
size_t rowWords(int32_t parts) { return ops::WRITE::PARTS + 2 * static_cast<size_t>(parts); }

/// Whether the row at `position` lies inside its array, by its number of parts.
bool holdsRow(const Words& rows, size_t position) {
  if (position + ops::WRITE::PARTS > rows.size) return false;
  const int32_t parts = rows.data[position + ops::WRITE::COUNT];
  return parts >= 0 && static_cast<size_t>(parts) <= (rows.size - position - ops::WRITE::PARTS) / 2;
}

/// A batch of which each helper takes whole flows, so that each flow stays in order.
class SharedWrites final : public Shared {
 public:
  SharedWrites(const Bytes& arena, int fd, const Words& rows, int32_t count)
      : arena_(arena), fd_(fd), rows_(rows), count_(count) {}

  /// Groups the frames by flow; false when they are not worth sharing, or not in order.
  bool group() {
    if (!Groups::canHold(count_)) return false;
    size_t position = 0;
    for (int32_t i = 0; i < count_; i++) {
      if (!holdsRow(rows_, position)) return false;
      const int32_t count = rows_.data[position + ops::WRITE::COUNT];
      const int32_t* parts = rows_.data + position + ops::WRITE::PARTS;
      int64_t cost = kFrameCost;
      for (int32_t part = 0; part < count; part++) {
        if (!arena_.holds(parts[2 * part], parts[2 * part + 1])) return false;
        cost += parts[2 * part + 1];
      }
      groups_.add(static_cast<int>(flowOf(arena_, parts, count) % Groups::kMax), cost);
      position += rowWords(count);
    }
    return groups_.isWorthSharing();
  }

  /// Returns how many frames were written.
  int32_t run() {
    helpers::share(this, Groups::kMax);
    int32_t written = 0;
    for (const int32_t some : written_) written += some;
    return written;
  }

  void doPart(int part, int) override {
    if (groups_.isEmpty(part)) return;
    size_t position = 0;
    for (int32_t i = 0; i < count_; i++) {
      int32_t* row = rows_.data + position;
      if (groups_.has(part, i)) {
        row[ops::WRITE::RESULT] = writeFrame(arena_, fd_, row + ops::WRITE::PARTS, row[ops::WRITE::COUNT]);
        written_[part] += row[ops::WRITE::RESULT] == 0;
      }
      position += rowWords(row[ops::WRITE::COUNT]);
    }
  }

 private:
  /// A frame costs the kernel about as much as this many bytes, whatever its length.
  static constexpr int64_t kFrameCost = 4096;

  const Bytes& arena_;
  const int fd_;
  const Words& rows_;
  const int32_t count_;
  int32_t written_[Groups::kMax] = {};
  Groups groups_;
};

/// Writes all frames with the helpers, if there are any and it is worth it; false leaves all to the caller.
bool shareWrites(const Bytes& arena, int fd, const Words& rows, int32_t count, int32_t* written) {
  if (helpers::count() == 0 || count < 2) return false;
  SharedWrites writes(arena, fd, rows, count);
  if (!writes.group()) return false;
  *written = writes.run();
  return true;
}

}  // namespace

namespace addon {

napi_value tapOpen(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string name = args.text(0, "name");
  Offloads offloads = {args.boolean(0, "checksum"), args.boolean(0, "tso"), args.boolean(0, "uso"),
                       args.boolean(0, "tunnel")};
  const int32_t sendBuffer = args.int32(0, "sendBuffer");
  if (!args.ok()) return nullptr;
  // '%' would make the kernel choose a number.
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('%') != std::string::npos) {
    return throwErrno(env, EINVAL, "TUNSETIFF", "interface names have 1 to 15 bytes, none of them '%'");
  }

  const bool existed = if_nametoindex(name.c_str()) != 0;
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return throwErrno(env, errno, "open", "cannot open /dev/net/tun");
  ifreq request = {};
  memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(fd, TUNSETIFF, &request) != 0) {
    const int error = errno;
    ::close(fd);
    if (error == EINVAL && if_nametoindex(name.c_str()) != 0) {
      return throwErrno(env, EEXIST, "TUNSETIFF", "the interface exists and is no single-queue TAP");
    }
    return throwErrno(env, error, "TUNSETIFF");
  }
  return setUp(env, fd, name, offloads, sendBuffer, existed);
}

napi_value tapName(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  ifreq request = {};
  napi_value name = nullptr;
  if (isOurForm(fd, &request)) {
    napi_create_string_utf8(env, request.ifr_name, NAPI_AUTO_LENGTH, &name);
  } else {
    napi_get_null(env, &name);
  }
  return name;
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
  return setUp(env, fd, name, offloads, sendBuffer, (request.ifr_flags & IFF_PERSIST) != 0);
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

napi_value tapRead(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int fd = args.int32(1);
  const int64_t base = args.int32(2);
  const int64_t slot = args.int32(3);
  const int32_t max = args.int32(4);
  const Words rows = args.words(5);
  if (!args.ok()) return nullptr;
  if (slot <= 0 || !rows.holdsRows(max, ops::READ::WORDS) || !arena.holds(base, max * slot)) {
    return throwRange(env, "slots or rows outside their arrays");
  }
  int32_t count = 0;
  int64_t bytes = 0;
  while (count < max && bytes < ops::BATCH::BYTES) {
    const int64_t offset = base + count * slot;
    const ssize_t length = read(fd, arena.data + offset, static_cast<size_t>(slot));
    if (length < 0) {
      if (errno == EINTR) continue;
      // Frames already read are handed over first; a lasting error comes back with the next call.
      if (errno == EAGAIN || count > 0) break;
      return throwErrno(env, errno, "read");
    }
    int32_t* row = rows.data + count * ops::READ::WORDS;
    row[ops::READ::OFFSET] = static_cast<int32_t>(offset);
    row[ops::READ::LENGTH] = static_cast<int32_t>(length);
    bytes += length;
    count++;
  }
  return makeInt32(env, count);
}

napi_value tapWrite(napi_env env, napi_callback_info info) {
  using namespace ops::WRITE;
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int fd = args.int32(1);
  const Words rows = args.words(2);
  const int32_t count = args.int32(3);
  if (!args.ok()) return nullptr;
  int32_t written = 0;
  if (shareWrites(arena, fd, rows, count, &written)) return makeInt32(env, written);
  size_t position = 0;
  for (int32_t i = 0; i < count; i++) {
    if (!holdsRow(rows, position)) return throwRange(env, "more frames or parts than the array holds");
    int32_t* row = rows.data + position;
    row[RESULT] = writeFrame(arena, fd, row + PARTS, row[COUNT]);
    written += row[RESULT] == 0;
    position += rowWords(row[COUNT]);
  }
  return makeInt32(env, written);
}

}  // namespace addon
