// Whether several threads read the queues of a TAP faster than one does.
//
// That depends on where the frames were made: what lies in the cache of the thread that reads is copied at twice the
// speed of what another processor has just written, and a helper would be no faster with its part than that thread with
// all. No rule says which it will be, so both ways are timed, and the slower one is tried now and then.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "ops.h"

class Reading {
 public:
  /// `words`: the record of the queues, in which the times stay.
  explicit Reading(int32_t* words) : words_(words) {}

  /// Chooses for one batch, and starts the clock.
  bool begin() {
    const int32_t alone = words_[ops::QUEUES::ALONE];
    const int32_t together = words_[ops::QUEUES::TOGETHER];
    const bool isFaster = together < alone;
    words_[ops::QUEUES::TURN] = (words_[ops::QUEUES::TURN] + 1) % kTurns;
    isShared_ = words_[ops::QUEUES::TURN] == 0 ? !isFaster : isFaster;
    start_ = now();
    return isShared_;
  }

  /// The batch has been read, `bytes` of it.
  void end(int64_t bytes) {
    if (bytes <= 0) return;
    int32_t* known = words_ + (isShared_ ? ops::QUEUES::TOGETHER : ops::QUEUES::ALONE);
    const int64_t spent = (now() - start_) * kPerBytes / bytes;
    // A thread that lost its processor meanwhile says nothing about the way.
    const int64_t most = *known == 0 ? kLongest : std::min<int64_t>(kMost * *known, kLongest);
    const int64_t counted = std::min(spent, most);
    *known = static_cast<int32_t>(*known == 0 ? counted : *known + (counted - *known) / kWeight);
  }

 private:
  /// One batch of so many goes the slower way.
  static constexpr int32_t kTurns = 32;
  /// Times are nanoseconds for so many bytes.
  static constexpr int64_t kPerBytes = 1 << 20;
  static constexpr int64_t kLongest = 1 << 30;
  static constexpr int64_t kMost = 4;
  static constexpr int64_t kWeight = 4;

  static int64_t now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  }

  int32_t* const words_;
  bool isShared_ = false;
  int64_t start_ = 0;
};
