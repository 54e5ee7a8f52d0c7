// sched_setattr(2), which the C library has no wrapper for.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

/// How a thread is scheduled: the first version of the kernel's `struct sched_attr`.
struct Scheduling {
  uint32_t size = sizeof(Scheduling);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t niceness = 0;
  uint32_t priority = 0;
  uint64_t runtimeNs = 0;  // of a thread of the fair class: its slice
  uint64_t deadlineNs = 0;
  uint64_t periodNs = 0;

  /// Of the calling thread; what a new thread has where the kernel does not tell.
  static Scheduling own() {
    Scheduling scheduling;
    syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0);
    return scheduling;
  }

  /// Has the calling thread scheduled so. False with errno.
  bool apply() const { return syscall(SYS_sched_setattr, 0, this, 0) == 0; }
};
