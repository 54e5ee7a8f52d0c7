// HKDF of the Noise framework (revision 34, section 4.3) over BLAKE2b-512, by OpenSSL: its hashes in one call of the addon.
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
constexpr size_t kMostOutputs = 3;
constexpr uint8_t kInnerPad = 0x36;
constexpr uint8_t kOuterPad = 0x5c;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

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
    return begin(inner_) && EVP_DigestUpdate(context_, first, firstLength) == 1 &&
           EVP_DigestUpdate(context_, second, secondLength) == 1 && EVP_DigestFinal_ex(context_, mac, nullptr) == 1 &&
           begin(outer_) && EVP_DigestUpdate(context_, mac, kHash) == 1 && EVP_DigestFinal_ex(context_, mac, nullptr) == 1;
  }

 private:
  static void pad(uint8_t block[kBlock], const uint8_t key[kHash], uint8_t with) {
    memset(block, with, kBlock);
    for (size_t i = 0; i < kHash; i++) block[i] ^= key[i];
  }

  /// Begins again with what the context hashed before, which looks up nothing.
  bool begin(const uint8_t block[kBlock]) const {
    return EVP_DigestInit_ex(context_, nullptr, nullptr) == 1 && EVP_DigestUpdate(context_, block, kBlock) == 1;
  }

  EVP_MD_CTX* context_;
  uint8_t inner_[kBlock], outer_[kBlock];
};

/// `outputs` blocks of kHash bytes; false when OpenSSL refuses.
bool derive(uint8_t* output, size_t outputs, const uint8_t key[kHash], const Bytes& input) {
  static const thread_local std::unique_ptr<EVP_MD_CTX, FreeContext> kept([] {
    static const EVP_MD* const blake2b = EVP_MD_fetch(nullptr, "BLAKE2B-512", nullptr);
    EVP_MD_CTX* context = blake2b == nullptr ? nullptr : EVP_MD_CTX_new();
    if (context != nullptr) EVP_DigestInit_ex(context, blake2b, nullptr);
    return context;
  }());
  EVP_MD_CTX* context = kept.get();
  if (context == nullptr) return false;
  uint8_t temporary[kHash];
  bool ok = Hmac(context, key).sum(temporary, input.data, input.size, nullptr, 0);
  const Hmac expand(context, temporary);
  const uint8_t* previous = nullptr;
  for (size_t index = 0; ok && index < outputs; index++) {
    const uint8_t number = static_cast<uint8_t>(index + 1);
    ok = expand.sum(output, previous, previous == nullptr ? 0 : kHash, &number, 1);
    previous = output;
    output += kHash;
  }
  OPENSSL_cleanse(temporary, sizeof temporary);
  // What the context last hashed was keyed.
  return EVP_DigestInit_ex(context, nullptr, nullptr) == 1 && ok;
}

}  // namespace

namespace addon {

napi_value hkdf(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes output = args.bytes(0);
  const Bytes key = args.bytes(1);
  const Bytes input = args.bytes(2);
  if (!args.ok()) return nullptr;
  const size_t outputs = output.size / kHash;
  if (key.size != kHash) return throwRange(env, "a chaining key has 64 bytes");
  if (output.size % kHash != 0 || outputs == 0 || outputs > kMostOutputs) {
    return throwRange(env, "one to three outputs of 64 bytes");
  }
  if (!derive(output.data, outputs, key.data, input)) return throwRange(env, "OpenSSL has no BLAKE2b");
  return makeUndefined(env);
}

}  // namespace addon
