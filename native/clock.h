// Time for durations: it never goes back, and stands still while the machine sleeps.
#pragma once

#include <time.h>

#include <cstdint>

inline int64_t monotonicNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}
