// BLAKE2b without a key (RFC 7693), and HKDF over it as the Noise framework has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blake2b {

constexpr size_t kBlock = 128;
constexpr size_t kHash = 64;

/// A hash in progress. What was hashed so far may be copied and continued twice.
class State {
 public:
  State();
  void update(const uint8_t* data, size_t length);
  /// More will follow: takes in a block that is full, which could otherwise be the last one.
  void expectMore();
  void finish(uint8_t digest[kHash]);

 private:
  void compress(const uint8_t* block, uint64_t isLast);

  uint64_t words_[8];
  uint64_t hashed_ = 0;
  uint8_t block_[kBlock];
  size_t filled_ = 0;
};

/// HKDF of the Noise framework (revision 34, section 4.3): `outputs` blocks of kHash bytes from a chaining key of kHash bytes.
void hkdf(uint8_t* output, size_t outputs, const uint8_t key[kHash], const uint8_t* input, size_t length);

}  // namespace blake2b
