// Threads that share the work of one call: fork and join within it. They touch nothing of Node.
#pragma once

#include <cstdint>

/// Work of one call, cut into parts that need no order among each other.
class Shared {
 public:
  /// Does one part. `thread` is 0 in the caller and 1 … Helpers::kMax in its helpers.
  virtual void doPart(int part, int thread) = 0;

 protected:
  ~Shared() = default;
};

namespace helpers {

constexpr int kMax = 7;
constexpr int kMaxParts = 64;

/// How many threads help the calling one; 0 for all that asked for none, which then pay one branch a call.
int count();

/// Whether a batch of `bytes` takes longer than to wake a helper for it.
bool isWorthIt(int64_t bytes);

/// Does parts 0 … `parts` - 1 of `work` and returns when all are done. The caller takes parts too, so a helper
/// that gets no processor delays nothing but the part that it has begun.
void share(Shared* work, int parts);

}  // namespace helpers

/// Rows of a batch in groups; those of one group stay in order, in the hands of one thread.
class Groups {
 public:
  static constexpr int kMax = 16;
  static constexpr int32_t kMaxRows = 4096;

  /// Whether `rows` are few enough.
  static bool canHold(int32_t rows) { return rows <= kMaxRows; }

  /// Counts one more row, in order. `cost` is what it takes, in bytes that are copied.
  void add(int group, int64_t cost) {
    groups_[rows_++] = static_cast<uint8_t>(group);
    costs_[group] += cost;
  }

  bool isEmpty(int group) const { return costs_[group] == 0; }
  bool has(int group, int32_t row) const { return groups_[row] == group; }

  /// Whether enough lies outside the largest group.
  bool isWorthSharing() const;

 private:
  int64_t costs_[kMax] = {};
  int32_t rows_ = 0;
  uint8_t groups_[kMaxRows];
};

/// Rows of a batch cut where about equally many bytes lie between two cuts.
class Cuts {
 public:
  explicit Cuts(int64_t bytes);

  /// Counts one more row, in order.
  void add(int64_t bytes);

  int parts() const { return parts_; }
  int32_t from(int part) const { return part == 0 ? 0 : ends_[part - 1]; }
  int32_t to(int part) const { return part == parts_ - 1 ? rows_ : ends_[part]; }

 private:
  const int64_t size_;
  int64_t gathered_ = 0;
  int32_t rows_ = 0;
  int parts_ = 1;
  int32_t ends_[helpers::kMaxParts];
};
