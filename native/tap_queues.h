// The queues of a TAP, and which of them a flow has.
//
// The kernel puts the frames of a flow into the queue that the flow was last written to, and those of a flow that was
// not written to for three seconds into one by its own hash (tun_flow_update, tun_automq_select_queue). A flow that
// changes its queue may be read out of order once. So each flow is written to the queue that it is read from.
#pragma once

#include "args.h"
#include "flow.h"
#include "ops.h"

class Queues {
 public:
  static constexpr int kMax = ops::QUEUES::FLOW - ops::QUEUES::FD;

  /// The only queue of a TAP.
  explicit Queues(const int32_t* fd) : fds_(fd), count_(1), flows_(nullptr) {}

  /// Those of a record that `isSound`.
  explicit Queues(const Words& record)
      : fds_(record.data + ops::QUEUES::FD),
        count_(record.data[ops::QUEUES::COUNT]),
        flows_(record.data + ops::QUEUES::FLOW) {}

  static bool isSound(const Words& record) {
    return record.size >= ops::QUEUES::WORDS && record.data[ops::QUEUES::COUNT] >= 1 &&
           record.data[ops::QUEUES::COUNT] <= kMax;
  }

  int count() const { return count_; }
  int32_t fd(int queue) const { return fds_[queue]; }

  /// Where a flow is to be written. What the kernel holds for several flows and we for one keeps to one queue: else
  /// each of them would send the others elsewhere.
  int queueOf(const Flow& flow) const {
    if (flow.hasPorts) {
      const uint32_t word = __atomic_load_n(place(flow), __ATOMIC_RELAXED);
      const int queue = static_cast<int>(word & kQueue);
      if ((word & ~kQueue) == (flow.number & ~kQueue) && queue < count_) return queue;
    }
    return static_cast<int>(flow.number % static_cast<uint32_t>(count_));
  }

  /// A frame of `flow` was read from `queue`. Threads that read several queues may say so at once.
  void noteRead(const Flow& flow, int queue) const {
    if (!flow.hasPorts) return;
    const uint32_t word = (flow.number & ~kQueue) | static_cast<uint32_t>(queue);
    uint32_t* at = place(flow);
    if (__atomic_load_n(at, __ATOMIC_RELAXED) != word) __atomic_store_n(at, word, __ATOMIC_RELAXED);
  }

 private:
  /// Flows that have a place of their own; one that has lost it to another is written by its number.
  static constexpr uint32_t kFlows = ops::QUEUES::WORDS - ops::QUEUES::FLOW;
  /// The bits of a word that are the queue; the others are the flow's.
  static constexpr uint32_t kQueue = kMax - 1;
  static_assert((kMax & kQueue) == 0 && (kFlows & (kFlows - 1)) == 0, "bits of a word");

  uint32_t* place(const Flow& flow) const {
    return reinterpret_cast<uint32_t*>(flows_) + (flow.number / kMax) % kFlows;
  }

  const int32_t* const fds_;
  const int count_;
  int32_t* const flows_;
};
