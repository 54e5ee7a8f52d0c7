// The symmetric half of a Noise handshake (revision 34, sections 4.3 and 5.2) over BLAKE2b-512, by OpenSSL. Each step is one call, on
// one block of memory: chaining key, hash, cipher key.
#include <cstring>
#include <memory>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "evp.h"
#include "results.h"

namespace {

constexpr size_t kBlock = 128;
constexpr size_t kHash = 64;
constexpr size_t kKey = 32;
constexpr uint8_t kInnerPad = 0x36;
constexpr uint8_t kOuterPad = 0x5c;

/// What a handshake has come to, as the block has it.
struct State {
  uint8_t chainingKey[kHash];
  uint8_t hash[kHash];
  uint8_t cipherKey[kKey];
};

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// The hash context of this thread; begun again it looks up nothing. Null when OpenSSL has no BLAKE2b.
EVP_MD_CTX* hashContext() {
  static const thread_local std::unique_ptr<EVP_MD_CTX, FreeContext> kept([] {
    static const EVP_MD* const blake2b = EVP_MD_fetch(nullptr, "BLAKE2B-512", nullptr);
    EVP_MD_CTX* context = blake2b == nullptr ? nullptr : EVP_MD_CTX_new();
    if (context != nullptr) EVP_DigestInit_ex(context, blake2b, nullptr);
    return context;
  }());
  return kept.get();
}

bool begin(EVP_MD_CTX* context) { return EVP_DigestInit_ex(context, nullptr, nullptr) == 1; }

bool add(EVP_MD_CTX* context, const uint8_t* data, size_t length) { return EVP_DigestUpdate(context, data, length) == 1; }

bool end(EVP_MD_CTX* context, uint8_t digest[kHash]) { return EVP_DigestFinal_ex(context, digest, nullptr) == 1; }

/// HMAC (RFC 2104) under one key, for several messages. Any step that fails makes all later ones fail.
class Hmac {
 public:
  Hmac(EVP_MD_CTX* context, const uint8_t key[kHash]) : context_(context) {
    pad(inner_, key, kInnerPad);
    pad(outer_, key, kOuterPad);
  }
  ~Hmac() {
    OPENSSL_cleanse(inner_, sizeof inner_);
    OPENSSL_cleanse(outer_, sizeof outer_);
  }

  /// The MAC of two parts as if joined; it may stand where one of them stood.
  bool sum(uint8_t mac[kHash], const uint8_t* first, size_t firstLength, const uint8_t* second, size_t secondLength) const {
    return begin(context_) && add(context_, inner_, kBlock) && add(context_, first, firstLength) &&
           add(context_, second, secondLength) && end(context_, mac) && begin(context_) &&
           add(context_, outer_, kBlock) && add(context_, mac, kHash) && end(context_, mac);
  }

 private:
  static void pad(uint8_t block[kBlock], const uint8_t key[kHash], uint8_t with) {
    memset(block, with, kBlock);
    for (size_t i = 0; i < kHash; i++) block[i] ^= key[i];
  }

  EVP_MD_CTX* context_;
  uint8_t inner_[kBlock], outer_[kBlock];
};

/// HKDF: `Outputs` blocks; erased when they are done with.
template <size_t Outputs>
class Derived {
 public:
  Derived(const uint8_t key[kHash], const Bytes& input) {
    EVP_MD_CTX* const context = hashContext();
    if (context == nullptr) return;
    uint8_t temporary[kHash];
    ok_ = Hmac(context, key).sum(temporary, input.data, input.size, nullptr, 0);
    const Hmac expand(context, temporary);
    for (size_t index = 0; ok_ && index < Outputs; index++) {
      const uint8_t number = static_cast<uint8_t>(index + 1);
      const uint8_t* const previous = index == 0 ? nullptr : blocks_[index - 1];
      ok_ = expand.sum(blocks_[index], previous, index == 0 ? 0 : kHash, &number, 1);
    }
    OPENSSL_cleanse(temporary, sizeof temporary);
    // What the context last hashed was keyed.
    ok_ = begin(context) && ok_;
  }
  ~Derived() { OPENSSL_cleanse(blocks_, sizeof blocks_); }

  bool ok() const { return ok_; }
  const uint8_t* operator[](size_t index) const { return blocks_[index]; }

 private:
  uint8_t blocks_[Outputs][kHash];
  bool ok_ = false;
};

bool mixHash(State* state, const uint8_t* data, size_t length) {
  EVP_MD_CTX* const context = hashContext();
  return context != nullptr && begin(context) && add(context, state->hash, kHash) && add(context, data, length) &&
         end(context, state->hash);
}

bool mixHash(State* state, const Bytes& data) { return mixHash(state, data.data, data.size); }

bool mixKey(State* state, const Bytes& input) {
  const Derived<2> derived(state->chainingKey, input);
  if (!derived.ok()) return false;
  memcpy(state->chainingKey, derived[0], kHash);
  memcpy(state->cipherKey, derived[1], kKey);
  return true;
}

bool mixKeyAndHash(State* state, const Bytes& input) {
  const Derived<3> derived(state->chainingKey, input);
  if (!derived.ok() || !mixHash(state, derived[1], kHash)) return false;
  memcpy(state->chainingKey, derived[0], kHash);
  memcpy(state->cipherKey, derived[2], kKey);
  return true;
}

/// The block in an argument; null, and an exception, when it is none.
State* stateOf(napi_env env, Args& args, size_t index) {
  const Bytes bytes = args.bytes(index);
  if (!args.ok()) return nullptr;
  if (bytes.size == sizeof(State)) return reinterpret_cast<State*>(bytes.data);
  throwRange(env, "a state has 160 bytes");
  return nullptr;
}

napi_value done(napi_env env, bool ok) {
  return ok ? makeUndefined(env) : throwRange(env, "OpenSSL has no BLAKE2b");
}

/// A step that mixes bytes into a state.
napi_value step(napi_env env, napi_callback_info info, bool (*mix)(State*, const Bytes&)) {
  Args args(env, info);
  const Bytes input = args.bytes(1);
  State* const state = stateOf(env, args, 0);
  return state == nullptr ? nullptr : done(env, mix(state, input));
}

}  // namespace

namespace addon {

napi_value noiseMixHash(napi_env env, napi_callback_info info) { return step(env, info, mixHash); }

napi_value noiseMixKey(napi_env env, napi_callback_info info) { return step(env, info, mixKey); }

napi_value noiseMixKeyAndHash(napi_env env, napi_callback_info info) { return step(env, info, mixKeyAndHash); }

napi_value noiseSplit(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes first = args.bytes(1);
  const Bytes second = args.bytes(2);
  State* const state = stateOf(env, args, 0);
  if (state == nullptr) return nullptr;
  if (first.size != kKey || second.size != kKey) return throwRange(env, "a transport key has 32 bytes");
  const Derived<2> derived(state->chainingKey, Bytes{});
  if (!derived.ok()) return done(env, false);
  memcpy(first.data, derived[0], kKey);
  memcpy(second.data, derived[1], kKey);
  return done(env, true);
}

}  // namespace addon
