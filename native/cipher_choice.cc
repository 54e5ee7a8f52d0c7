// Which library seals: the system's, where it gives the same bytes as Node's in clearly less time.
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <algorithm>
#include <cstring>

#include "cipher.h"
#include "clock.h"
#include "ops.h"

namespace {

constexpr int kLongest = 1400;
constexpr int kRoom = record::kHeader + kLongest + record::kTag;
/// Around the blocks and strides that implementations of AES-GCM have.
constexpr int kLengths[] = {0, 1, 15, 16, 17, 31, 127, 128, 129, 255, 256, 257, 511, 513, 1023, 1025, kLongest};
constexpr int kTurns = 8;
constexpr int kDatagramsATurn = 8;
/// Two libraries in one process are worth a tenth of the time at least.
constexpr int64_t kWorthItPercent = 90;

/// A context of one library for the length of a comparison.
class Trial {
 public:
  Trial(const CipherLibrary& library, int32_t aead) : library_(library) {
    const uint8_t key[record::kKey] = {1, 2, 3, 5, 7, 11, 13};
    context_ = library.make(aead, key);
  }
  ~Trial() { library_.free(context_); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  bool exists() const { return context_ != nullptr; }
  bool seal(uint8_t* datagram, int length) { return library_.seal(context_, kNonce, datagram, length); }
  bool open(uint8_t* datagram, int length) { return library_.open(context_, kNonce, datagram, length); }

  /// The least time of a few turns, in nanoseconds: what else ran meanwhile does not count.
  int64_t time() {
    uint8_t datagram[kRoom] = {};
    int64_t least = INT64_MAX;
    for (int turn = 0; turn < kTurns; turn++) {
      const int64_t start = monotonicNs();
      for (int i = 0; i < kDatagramsATurn; i++) seal(datagram, kLongest);
      least = std::min(least, monotonicNs() - start);
    }
    return least;
  }

 private:
  static constexpr uint8_t kNonce[record::kNonce] = {0, 0, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1};

  const CipherLibrary& library_;
  void* context_;
};

/// Whether both make the same datagram of `length` bytes, open it, and refuse it with one bit of the tag changed.
bool agree(Trial& one, Trial& other, int length) {
  const size_t total = record::kHeader + length + record::kTag;
  uint8_t plain[kRoom];
  for (int i = 0; i < kRoom; i++) plain[i] = static_cast<uint8_t>(i * 7 + length);
  uint8_t first[kRoom];
  uint8_t second[kRoom];
  memcpy(first, plain, kRoom);
  memcpy(second, plain, kRoom);
  if (!one.seal(first, length) || !other.seal(second, length) || memcmp(first, second, total) != 0) return false;
  if (!one.open(first, length) || memcmp(first, plain, record::kHeader + length) != 0) return false;
  memcpy(first, second, total);
  first[total - 1] ^= 1;
  if (one.open(first, length)) return false;
  return one.open(second, length);
}

/// Whether `other` does what `usual` does, faster.
bool isWorthIt(const CipherLibrary& usual, const CipherLibrary& other, int32_t aead) {
  Trial kept(usual, aead);
  Trial candidate(other, aead);
  if (!kept.exists() || !candidate.exists()) return false;
  for (const int length : kLengths) {
    if (!agree(candidate, kept, length)) return false;
  }
  return candidate.time() * 100 < kept.time() * kWorthItPercent;
}

const CipherLibrary& choose(int32_t aead) {
  const CipherLibrary& usual = opensslCiphers();
  // Without AES instructions libgcrypt takes the time that its tables take, by which a key can be guessed.
  const CipherLibrary* const other = hasHardwareAes() ? gcryptCiphers() : nullptr;
  return other != nullptr && isWorthIt(usual, *other, aead) ? *other : usual;
}

}  // namespace

const CipherLibrary& fastestCiphers(int32_t aead) {
  if (aead != ops::AEAD::AES_256_GCM) return opensslCiphers();
  static const CipherLibrary& aes = choose(ops::AEAD::AES_256_GCM);
  return aes;
}

bool hasHardwareAes() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
  const unsigned long wanted = HWCAP_AES | HWCAP_PMULL;
  return (getauxval(AT_HWCAP) & wanted) == wanted;
#else
  return false;
#endif
}
