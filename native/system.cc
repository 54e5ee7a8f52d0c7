// Clock, memory, scheduling class, interface index and MTU, peer credentials, service manager, core dumps, file locks.
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "results.h"
#include "scheduling.h"

namespace {

/// Descriptors of one message to the service manager; it takes more, we have no use for them.
constexpr size_t kMaxDescriptors = 16;
/// Beyond these the kernel would take them instead.
constexpr int64_t kShortestSliceUs = 100;
constexpr int64_t kLongestSliceUs = 100'000;

// Tells the kernel something of the whole pages among some bytes.
void advise(const uint8_t* data, int64_t length, int advice) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t start = reinterpret_cast<uintptr_t>(data);
  const uintptr_t from = (start + page - 1) & ~(page - 1);
  const uintptr_t to = (start + static_cast<uintptr_t>(length)) & ~(page - 1);
  if (to > from) madvise(reinterpret_cast<void*>(from), to - from, advice);
}

}  // namespace

namespace addon {

napi_value now(napi_env env, napi_callback_info) {
  timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return makeDouble(env, static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3);
}

napi_value setScheduling(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string kind = args.text(0);
  const int32_t priority = args.int32(1);
  if (!args.ok()) return nullptr;
  const bool realTime = kind == "round-robin";
  if (!realTime && kind != "other") return throwRange(env, "scheduling is 'other' or 'round-robin'");
  sched_param parameter = {};
  parameter.sched_priority = realTime ? priority : 0;
  // Threads that this one starts must not become real-time by inheritance.
  const int policy = (realTime ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK;
  if (sched_setscheduler(0, policy, &parameter) != 0) return throwErrno(env, errno, "sched_setscheduler");
  return makeUndefined(env);
}

napi_value setSlice(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int64_t us = args.int64(0);
  if (!args.ok()) return nullptr;
  if (us < kShortestSliceUs || us > kLongestSliceUs) return throwRange(env, "a slice takes 100 to 100000 us");
  Scheduling scheduling = Scheduling::own();
  scheduling.runtimeNs = static_cast<uint64_t>(us) * 1000;
  if (!scheduling.apply()) return throwErrno(env, errno, "sched_setattr");
  return makeUndefined(env);
}

napi_value discard(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int64_t offset = args.int64(1);
  const int64_t length = args.int64(2);
  if (!args.ok()) return nullptr;
  if (!arena.holds(offset, length)) return throwRange(env, "outside the arena");
  advise(arena.data + offset, length, MADV_DONTNEED);
  return makeUndefined(env);
}

napi_value keepPagesSmall(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes memory = args.bytes(0);
  if (!args.ok()) return nullptr;
  advise(memory.data, static_cast<int64_t>(memory.size), MADV_NOHUGEPAGE);
  return makeUndefined(env);
}

napi_value ifindex(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string name = args.text(0);
  if (!args.ok()) return nullptr;
  const unsigned int index = if_nametoindex(name.c_str());
  if (index == 0) return throwErrno(env, errno, "if_nametoindex");
  return makeInt32(env, static_cast<int32_t>(index));
}

napi_value deviceMtu(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int index = args.int32(0);
  if (!args.ok()) return nullptr;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return throwErrno(env, errno, "socket");
  ifreq request = {};
  request.ifr_ifindex = index;
  const bool isThere = ioctl(fd, SIOCGIFNAME, &request) == 0 && ioctl(fd, SIOCGIFMTU, &request) == 0;
  ::close(fd);
  return makeInt32(env, isThere ? request.ifr_mtu : 0);
}

napi_value peerCredentials(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  ucred peer = {};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return throwErrno(env, errno, "getsockopt");
  }
  napi_value credentials = makeObject(env);
  setInt32(env, credentials, "pid", peer.pid);
  napi_set_named_property(env, credentials, "uid", makeDouble(env, peer.uid));
  napi_set_named_property(env, credentials, "gid", makeDouble(env, peer.gid));
  return credentials;
}

napi_value notify(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const std::string path = args.text(0);
  const std::string message = args.text(1);
  const Words descriptors = args.wordsOrNone(2);
  if (!args.ok()) return nullptr;
  if (descriptors.size > kMaxDescriptors) return throwRange(env, "too many descriptors for one message");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return throwErrno(env, ENAMETOOLONG, "sendmsg");
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return throwErrno(env, errno, "socket");
  iovec text = {const_cast<char*>(message.data()), message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  msghdr header = {};
  header.msg_name = &address;
  header.msg_namelen = length;
  header.msg_iov = &text;
  header.msg_iovlen = 1;
  if (descriptors.size > 0) {
    const size_t bytes = descriptors.size * sizeof(int);
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(rights), descriptors.data, bytes);
  }
  const ssize_t sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  const int error = errno;
  ::close(fd);
  return sent < 0 ? throwErrno(env, error, "sendmsg") : makeUndefined(env);
}

napi_value forbidCoreDumps(napi_env env, napi_callback_info) {
  const rlimit none = {0, 0};
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return throwErrno(env, errno, "prctl");
  if (setrlimit(RLIMIT_CORE, &none) != 0) return throwErrno(env, errno, "setrlimit");
  return makeUndefined(env);
}

napi_value lockFile(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t fd = args.int32(0);
  if (!args.ok()) return nullptr;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return makeBoolean(env, true);
  return errno == EWOULDBLOCK ? makeBoolean(env, false) : throwErrno(env, errno, "flock");
}

napi_value exitNow(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t code = args.int32(0);
  if (!args.ok()) return nullptr;
  _exit(code);
}

}  // namespace addon
