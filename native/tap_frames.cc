// Frames from and to a TAP, by one queue or by several.
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "flow.h"
#include "helpers.h"
#include "ops.h"
#include "reading.h"
#include "results.h"
#include "tap_queues.h"

namespace {

constexpr int32_t kMaxParts = 1024;  // UIO_MAXIOV
/// Writing a frame costs the kernel about as much as this many bytes, whatever its length; reading one as much as half.
constexpr int64_t kWriteCost = 4096;
constexpr int64_t kReadCost = 2048;

bool holdsParts(const Bytes& arena, const int32_t* parts, int32_t count) {
  for (int32_t part = 0; part < count; part++) {
    if (!arena.holds(parts[2 * part], parts[2 * part + 1])) return false;
  }
  return true;
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

/// The same for a row. Returns whether it was written.
bool writeRow(const Bytes& arena, int fd, int32_t* row) {
  row[ops::WRITE::RESULT] = writeFrame(arena, fd, row + ops::WRITE::PARTS, row[ops::WRITE::COUNT]);
  return row[ops::WRITE::RESULT] == 0;
}

/// The queue of the flow of a row.
int queueOf(const Bytes& arena, const Queues& queues, const int32_t* row) {
  const int32_t* parts = row + ops::WRITE::PARTS;
  const int32_t count = row[ops::WRITE::COUNT];
  if (queues.count() == 1 || !holdsParts(arena, parts, count)) return 0;
  return queues.queueOf(flowOf(arena, parts, count));
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
  SharedWrites(const Bytes& arena, const Queues& queues, const Words& rows, int32_t count)
      : arena_(arena), queues_(queues), rows_(rows), count_(count) {}

  /// Groups the frames by flow; false when they are not worth sharing, or not in order.
  bool group() {
    if (!Groups::canHold(count_)) return false;
    size_t position = 0;
    for (int32_t i = 0; i < count_; i++) {
      if (!holdsRow(rows_, position)) return false;
      const int32_t count = rows_.data[position + ops::WRITE::COUNT];
      const int32_t* parts = rows_.data + position + ops::WRITE::PARTS;
      if (!holdsParts(arena_, parts, count)) return false;
      int64_t cost = kWriteCost;
      for (int32_t part = 0; part < count; part++) cost += parts[2 * part + 1];
      const Flow flow = flowOf(arena_, parts, count);
      queue_[i] = static_cast<uint8_t>(queues_.count() == 1 ? 0 : queues_.queueOf(flow));
      groups_.add(static_cast<int>(flow.number % Groups::kMax), cost);
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
      if (groups_.has(part, i)) written_[part] += writeRow(arena_, queues_.fd(queue_[i]), row);
      position += rowWords(row[ops::WRITE::COUNT]);
    }
  }

 private:
  const Bytes& arena_;
  const Queues& queues_;
  const Words& rows_;
  const int32_t count_;
  int32_t written_[Groups::kMax] = {};
  Groups groups_;
  /// Of each row.
  uint8_t queue_[Groups::kMaxRows];
};

/// Writes all frames with the helpers, if there are any and it is worth it; false leaves all to the caller.
bool shareWrites(const Bytes& arena, const Queues& queues, const Words& rows, int32_t count, int32_t* written) {
  if (helpers::count() == 0 || count < 2) return false;
  SharedWrites writes(arena, queues, rows, count);
  if (!writes.group()) return false;
  *written = writes.run();
  return true;
}

napi_value writeFrames(napi_env env, const Bytes& arena, const Queues& queues, const Words& rows, int32_t count) {
  int32_t written = 0;
  if (shareWrites(arena, queues, rows, count, &written)) return makeInt32(env, written);
  size_t position = 0;
  for (int32_t i = 0; i < count; i++) {
    if (!holdsRow(rows, position)) return throwRange(env, "more frames or parts than the array holds");
    int32_t* row = rows.data + position;
    written += writeRow(arena, queues.fd(queueOf(arena, queues, row)), row);
    position += rowWords(row[ops::WRITE::COUNT]);
  }
  return makeInt32(env, written);
}

/// Places in the arena for frames, and their rows.
struct Slots {
  const Bytes& arena;
  int64_t base;
  int64_t size;
  int32_t count;
  const Words& rows;

  bool isSound() const {
    return size > 0 && rows.holdsRows(count, ops::READ::WORDS) && arena.holds(base, count * size);
  }

  int32_t* row(int32_t slot) const { return rows.data + slot * ops::READ::WORDS; }
};

/// Reads frames into the slots from `from` up to `to`, or `most` bytes and what is begun then. Returns how many; -errno
/// when there was an error before the first. Frames that were read before an error are handed over first; a lasting error
/// comes back with the next call.
int32_t readFrames(int fd, const Slots& slots, int32_t from, int32_t to, int32_t most) {
  int32_t slot = from;
  int64_t bytes = 0;
  while (slot < to && bytes < most) {
    const int64_t offset = slots.base + slot * slots.size;
    const ssize_t length = read(fd, slots.arena.data + offset, static_cast<size_t>(slots.size));
    if (length < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || slot > from) break;
      return -errno;
    }
    slots.row(slot)[ops::READ::OFFSET] = static_cast<int32_t>(offset);
    slots.row(slot)[ops::READ::LENGTH] = static_cast<int32_t>(length);
    bytes += length;
    slot++;
  }
  return slot - from;
}

/// Several queues, each read by one thread into its own share of the slots.
class SharedReads final : public Shared {
 public:
  SharedReads(const Queues& queues, uint32_t ready, const Slots& slots) : queues_(queues), slots_(slots) {
    for (int queue = 0; queue < queues.count(); queue++) {
      if (ready >> queue & 1) queue_[parts_++] = queue;
    }
    if (parts_ > 0) each_ = slots.count / parts_;
  }

  /// `spare`: what it cost to read all but the busiest queue, the last time. How much there is to read now is not known
  /// before; where much was, much will be.
  void run(int64_t spare, Reading* reading) {
    if (parts_ < 2 || helpers::count() == 0 || !helpers::isWorthIt(2 * spare)) return readAll();
    if (reading->begin()) {
      helpers::share(this, parts_);
    } else {
      readAll();
    }
    int64_t bytes = 0;
    for (const int64_t cost : cost_) bytes += cost;
    reading->end(bytes);
  }

  void doPart(int part, int) override {
    const int32_t from = part * each_;
    found_[part] = readFrames(queues_.fd(queue_[part]), slots_, from, from + each_, ops::BATCH::BYTES / parts_);
    for (int32_t slot = from; slot < from + found_[part]; slot++) {
      const int32_t* frame = slots_.row(slot);  // a row is an offset and a length, like a part of a frame
      queues_.noteRead(flowOf(slots_.arena, frame, 1), queue_[part]);
      cost_[part] += frame[ops::READ::LENGTH] + kReadCost;
    }
  }

  /// Moves the rows together. Returns how many there are; a negative errno when there is an error and no frame.
  int32_t gather() const {
    int32_t count = 0;
    int32_t error = 0;
    for (int part = 0; part < parts_; part++) {
      if (found_[part] < 0) {
        error = found_[part];
        continue;
      }
      const size_t words = static_cast<size_t>(found_[part]) * ops::READ::WORDS;
      memmove(slots_.row(count), slots_.row(part * each_), words * sizeof(int32_t));
      count += found_[part];
    }
    return count > 0 ? count : error;
  }

  /// Bits of the queues that may hold more.
  int32_t left() const {
    int32_t left = 0;
    for (int part = 0; part < parts_; part++) left |= (found_[part] == each_) << queue_[part];
    return left;
  }

  /// What all queues but the busiest one have cost.
  int32_t spare() const {
    int64_t sum = 0;
    int64_t largest = 0;
    for (int part = 0; part < parts_; part++) {
      sum += cost_[part];
      if (cost_[part] > largest) largest = cost_[part];
    }
    return static_cast<int32_t>(sum - largest);
  }

 private:
  void readAll() {
    for (int part = 0; part < parts_; part++) doPart(part, 0);
  }

  const Queues& queues_;
  const Slots& slots_;
  int parts_ = 0;
  int32_t each_ = 0;
  int queue_[Queues::kMax];
  int32_t found_[Queues::kMax] = {};
  int64_t cost_[Queues::kMax] = {};
};

}  // namespace

namespace addon {

napi_value tapRead(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int fd = args.int32(1);
  const int64_t base = args.int32(2);
  const int64_t size = args.int32(3);
  const int32_t max = args.int32(4);
  const Words rows = args.words(5);
  if (!args.ok()) return nullptr;
  const Slots slots = {arena, base, size, max, rows};
  if (!slots.isSound()) return throwRange(env, "slots or rows outside their arrays");
  const int32_t count = readFrames(fd, slots, 0, max, ops::BATCH::BYTES);
  return count < 0 ? throwErrno(env, -count, "read") : makeInt32(env, count);
}

napi_value tapReadQueues(napi_env env, napi_callback_info info) {
  using namespace ops::QUEUES;
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const Words record = args.words(1);
  const int64_t base = args.int32(2);
  const int64_t size = args.int32(3);
  const int32_t max = args.int32(4);
  const Words rows = args.words(5);
  if (!args.ok()) return nullptr;
  const Slots slots = {arena, base, size, max, rows};
  if (!slots.isSound()) return throwRange(env, "slots or rows outside their arrays");
  if (!Queues::isSound(record)) return throwRange(env, "a TAP has 1 to 8 queues");
  if (max < Queues::kMax) return throwRange(env, "fewer slots than queues");
  const Queues queues(record);
  SharedReads reads(queues, static_cast<uint32_t>(record.data[READY]), slots);
  Reading reading(record.data);
  reads.run(record.data[SPARE], &reading);
  record.data[READY] = reads.left();
  record.data[SPARE] = reads.spare();
  const int32_t count = reads.gather();
  return count < 0 ? throwErrno(env, -count, "read") : makeInt32(env, count);
}

napi_value tapWrite(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const int32_t fd = args.int32(1);
  const Words rows = args.words(2);
  const int32_t count = args.int32(3);
  if (!args.ok()) return nullptr;
  return writeFrames(env, arena, Queues(&fd), rows, count);
}

napi_value tapWriteQueues(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const Words record = args.words(1);
  const Words rows = args.words(2);
  const int32_t count = args.int32(3);
  if (!args.ok()) return nullptr;
  if (!Queues::isSound(record)) return throwRange(env, "a TAP has 1 to 8 queues");
  return writeFrames(env, arena, Queues(record), rows, count);
}

}  // namespace addon
