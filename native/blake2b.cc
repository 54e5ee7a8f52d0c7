#include "blake2b.h"

#include <string.h>

#include <algorithm>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "results.h"

namespace blake2b {
namespace {

constexpr int kRounds = 12;

constexpr uint64_t kStart[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/// The order of the message's words in each round; rounds 10 and 11 are 0 and 1 again.
constexpr uint8_t kOrder[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

inline uint64_t turned(uint64_t word, int bits) { return (word >> bits) | (word << (64 - bits)); }

inline void mix(uint64_t& a, uint64_t& b, uint64_t& c, uint64_t& d, uint64_t x, uint64_t y) {
  a += b + x;
  d = turned(d ^ a, 32);
  c += d;
  b = turned(b ^ c, 24);
  a += b + y;
  d = turned(d ^ a, 16);
  c += d;
  b = turned(b ^ c, 63);
}

inline uint64_t littleEndian(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return __builtin_bswap64(word);
#else
  return word;
#endif
}

/// Overwrites secrets; the barrier keeps the compiler from leaving that out.
void wipe(void* memory, size_t length) {
  memset(memory, 0, length);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}

/// What a hash has taken in once its first block is a key of HMAC, XORed with `pad` (RFC 2104).
State keyed(const uint8_t key[kHash], uint8_t pad) {
  uint8_t block[kBlock];
  memset(block, pad, sizeof block);
  for (size_t i = 0; i < kHash; i++) block[i] ^= key[i];
  State state;
  state.update(block, sizeof block);
  wipe(block, sizeof block);
  return state;
}

/// HMAC under one key, for several messages.
class Hmac {
 public:
  explicit Hmac(const uint8_t key[kHash]) : inner_(keyed(key, 0x36)), outer_(keyed(key, 0x5c)) {}
  ~Hmac() {
    wipe(&inner_, sizeof inner_);
    wipe(&outer_, sizeof outer_);
  }

  /// No message will be empty: what they all begin with is taken in once.
  void expectMore() {
    inner_.expectMore();
    outer_.expectMore();
  }

  /// The MAC of two parts as if joined.
  void sum(uint8_t mac[kHash], const uint8_t* first, size_t firstLength, const uint8_t* second, size_t secondLength) const {
    uint8_t digest[kHash];
    State inner = inner_;
    inner.update(first, firstLength);
    inner.update(second, secondLength);
    inner.finish(digest);
    State outer = outer_;
    outer.update(digest, sizeof digest);
    outer.finish(mac);
    wipe(digest, sizeof digest);
    wipe(&inner, sizeof inner);
    wipe(&outer, sizeof outer);
  }

 private:
  State inner_, outer_;
};

}  // namespace

State::State() {
  memcpy(words_, kStart, sizeof words_);
  // No key, a digest of kHash bytes, no tree.
  words_[0] ^= 0x01010000 ^ kHash;
}

void State::update(const uint8_t* data, size_t length) {
  while (length > 0) {
    expectMore();
    const size_t part = std::min(length, kBlock - filled_);
    memcpy(block_ + filled_, data, part);
    filled_ += part;
    data += part;
    length -= part;
  }
}

void State::expectMore() {
  if (filled_ < kBlock) return;
  hashed_ += kBlock;
  compress(block_, 0);
  filled_ = 0;
}

void State::finish(uint8_t digest[kHash]) {
  hashed_ += filled_;
  memset(block_ + filled_, 0, kBlock - filled_);
  compress(block_, ~uint64_t{0});
  for (uint64_t& word : words_) word = littleEndian(word);
  memcpy(digest, words_, kHash);
}

void State::compress(const uint8_t* block, uint64_t isLast) {
  uint64_t m[16], v[16];
  memcpy(m, block, sizeof m);
  for (uint64_t& word : m) word = littleEndian(word);
  memcpy(v, words_, sizeof words_);
  memcpy(v + 8, kStart, sizeof kStart);
  v[12] ^= hashed_;
  v[14] ^= isLast;
#pragma GCC unroll 12
  for (int round = 0; round < kRounds; round++) {
    const uint8_t* order = kOrder[round % 10];
    mix(v[0], v[4], v[8], v[12], m[order[0]], m[order[1]]);
    mix(v[1], v[5], v[9], v[13], m[order[2]], m[order[3]]);
    mix(v[2], v[6], v[10], v[14], m[order[4]], m[order[5]]);
    mix(v[3], v[7], v[11], v[15], m[order[6]], m[order[7]]);
    mix(v[0], v[5], v[10], v[15], m[order[8]], m[order[9]]);
    mix(v[1], v[6], v[11], v[12], m[order[10]], m[order[11]]);
    mix(v[2], v[7], v[8], v[13], m[order[12]], m[order[13]]);
    mix(v[3], v[4], v[9], v[14], m[order[14]], m[order[15]]);
  }
  for (int i = 0; i < 8; i++) words_[i] ^= v[i] ^ v[i + 8];
  wipe(m, sizeof m);
  wipe(v, sizeof v);
}

void hkdf(uint8_t* output, size_t outputs, const uint8_t key[kHash], const uint8_t* input, size_t length) {
  uint8_t temporary[kHash];
  Hmac(key).sum(temporary, input, length, nullptr, 0);
  Hmac expand(temporary);
  expand.expectMore();
  const uint8_t* previous = nullptr;
  for (size_t index = 0; index < outputs; index++) {
    const uint8_t number = static_cast<uint8_t>(index + 1);
    expand.sum(output, previous, previous == nullptr ? 0 : kHash, &number, 1);
    previous = output;
    output += kHash;
  }
  wipe(temporary, sizeof temporary);
}

}  // namespace blake2b

namespace addon {

napi_value hkdf(napi_env env, napi_callback_info info) {
  constexpr size_t kMostOutputs = 3;
  Args args(env, info);
  const Bytes output = args.bytes(0);
  const Bytes key = args.bytes(1);
  const Bytes input = args.bytes(2);
  if (!args.ok()) return nullptr;
  const size_t outputs = output.size / blake2b::kHash;
  if (key.size != blake2b::kHash) return throwRange(env, "a chaining key has 64 bytes");
  if (output.size % blake2b::kHash != 0 || outputs == 0 || outputs > kMostOutputs) {
    return throwRange(env, "one to three outputs of 64 bytes");
  }
  blake2b::hkdf(output.data, outputs, key.data, input.data, input.size);
  return makeUndefined(env);
}

}  // namespace addon
