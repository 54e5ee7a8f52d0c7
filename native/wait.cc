// Waiting on many descriptors at once, and waking a waiter from another thread.
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "addon.h"
#include "args.h"
#include "clock.h"
#include "error.h"
#include "results.h"

namespace {

constexpr int kMaxEvents = 64;
constexpr int64_t kForever = -1;
constexpr int64_t kLongestUs = INT64_C(1) << 50;  // 35 years; keeps nanoseconds inside 64 bits

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441  // one number on all architectures
#endif

/// epoll_wait with a timeout in nanoseconds. Kernels before 5.11 know milliseconds only: there it is
/// rounded up. Called by number, so that the addon loads with a C library that lacks the wrapper.
int waitOnce(int epoll, epoll_event* events, int max, int64_t timeoutNs) {
  static std::atomic<bool> precise{true};
  if (precise.load(std::memory_order_relaxed)) {
    const timespec timeout = {timeoutNs / 1'000'000'000, timeoutNs % 1'000'000'000};
    const timespec* limit = timeoutNs < 0 ? nullptr : &timeout;
    const long ready = syscall(SYS_epoll_pwait2, epoll, events, max, limit, nullptr, 0);
    if (ready >= 0 || errno != ENOSYS) return static_cast<int>(ready);
    precise.store(false, std::memory_order_relaxed);
  }
  const int64_t milliseconds =
      timeoutNs < 0 ? -1 : std::min<int64_t>((timeoutNs + 999'999) / 1'000'000, INT32_MAX);
  return epoll_wait(epoll, events, max, static_cast<int>(milliseconds));
}

/// Waits as `wait` of binding.ts says; the number of events, or -1 with errno.
int waitFor(int epoll, epoll_event* events, int max, int64_t timeoutNs, int64_t spinNs) {
  int ready = epoll_wait(epoll, events, max, 0);
  if (ready != 0 || timeoutNs == 0) return ready;
  const int64_t start = monotonicNs();
  const int64_t spin = timeoutNs == kForever ? spinNs : std::min(spinNs, timeoutNs);
  while (monotonicNs() - start < spin) {
    // Yielding, not pausing: the sender that is waited for may need this very core.
    sched_yield();
    ready = epoll_wait(epoll, events, max, 0);
    if (ready != 0) return ready;
  }
  for (;;) {
    const int64_t left =
        timeoutNs == kForever ? kForever : std::max<int64_t>(timeoutNs - (monotonicNs() - start), 0);
    ready = waitOnce(epoll, events, max, left);
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

}  // namespace

namespace addon {

napi_value epollCreate(napi_env env, napi_callback_info) {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? throwErrno(env, errno, "epoll_create1") : makeInt32(env, fd);
}

napi_value epollAdd(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int epoll = args.int32(0);
  const int fd = args.int32(1);
  const int32_t token = args.int32(2);
  if (!args.ok()) return nullptr;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u32 = static_cast<uint32_t>(token);
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) return throwErrno(env, errno, "epoll_ctl");
  return makeUndefined(env);
}

napi_value epollRemove(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int epoll = args.int32(0);
  const int fd = args.int32(1);
  if (!args.ok()) return nullptr;
  if (epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr) != 0) return throwErrno(env, errno, "epoll_ctl");
  return makeUndefined(env);
}

napi_value wait(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int epoll = args.int32(0);
  const int64_t timeoutUs = args.int64(1);
  const int64_t spinUs = args.int64(2);
  const Words tokens = args.words(3);
  if (!args.ok()) return nullptr;
  if (tokens.size == 0) return throwRange(env, "no room for a token");
  epoll_event events[kMaxEvents];
  const int max = tokens.size < kMaxEvents ? static_cast<int>(tokens.size) : kMaxEvents;
  const int64_t timeoutNs = timeoutUs < 0 ? kForever : std::min(timeoutUs, kLongestUs) * 1000;
  const int ready = waitFor(epoll, events, max, timeoutNs, std::clamp<int64_t>(spinUs, 0, kLongestUs) * 1000);
  if (ready < 0) return throwErrno(env, errno, "epoll_wait");
  for (int i = 0; i < ready; i++) tokens.data[i] = static_cast<int32_t>(events[i].data.u32);
  return makeInt32(env, ready);
}

napi_value eventCreate(napi_env env, napi_callback_info) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? throwErrno(env, errno, "eventfd") : makeInt32(env, fd);
}

napi_value eventSignal(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  // EAGAIN: the counter is full, so the waiter is awake already.
  if (eventfd_write(fd, 1) != 0 && errno != EAGAIN) return throwErrno(env, errno, "eventfd_write");
  return makeUndefined(env);
}

napi_value eventDrain(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  eventfd_t count;
  if (eventfd_read(fd, &count) != 0 && errno != EAGAIN) return throwErrno(env, errno, "eventfd_read");
  return makeUndefined(env);
}

napi_value close(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return nullptr;
  // Linux has closed the descriptor even after EINTR.
  if (::close(fd) != 0 && errno != EINTR) return throwErrno(env, errno, "close");
  return makeUndefined(env);
}

}  // namespace addon
