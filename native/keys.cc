#include "keys.h"

#include <errno.h>
#include <time.h>

#include <atomic>
#include <mutex>
#include <new>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "ops.h"
#include "results.h"

struct KeySlot {
  std::atomic<bool> leased{false};
  EVP_CIPHER_CTX* context = nullptr;
};

namespace {

constexpr int32_t kSlots = 1 << 20;
constexpr int32_t kChunkSlots = 1 << 10;
constexpr size_t kKeyBytes = 32;

// Chunks are made when first installed into and live as long as the process, so a reader needs no lock
// to follow a published pointer.
std::atomic<KeySlot*> chunks[kSlots / kChunkSlots];
std::mutex growing;

bool inTable(int32_t slot) { return slot >= 0 && slot < kSlots; }

KeySlot* findSlot(int32_t slot) {
  if (!inTable(slot)) return nullptr;
  KeySlot* chunk = chunks[slot / kChunkSlots].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &chunk[slot % kChunkSlots];
}

KeySlot* makeSlot(int32_t slot) {
  const std::lock_guard<std::mutex> guard(growing);
  std::atomic<KeySlot*>& published = chunks[slot / kChunkSlots];
  if (published.load(std::memory_order_relaxed) == nullptr) {
    KeySlot* chunk = new (std::nothrow) KeySlot[kChunkSlots];
    if (chunk == nullptr) return nullptr;
    published.store(chunk, std::memory_order_release);
  }
  return findSlot(slot);
}

/// Puts `context` in place of the slot's, waiting for a record in progress; returns the former one.
EVP_CIPHER_CTX* replaceContext(KeySlot* slot, EVP_CIPHER_CTX* context) {
  const timespec pause = {0, 20'000};
  while (slot->leased.exchange(true, std::memory_order_acquire)) nanosleep(&pause, nullptr);
  EVP_CIPHER_CTX* former = slot->context;
  slot->context = context;
  slot->leased.store(false, std::memory_order_release);
  return former;
}

const EVP_CIPHER* cipherOf(int32_t aead) {
  static const EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static const EVP_CIPHER* const chacha = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  if (aead == ops::AEAD::AES_256_GCM) return aes;
  if (aead == ops::AEAD::CHACHA20_POLY1305) return chacha;
  return nullptr;
}

}  // namespace

KeyLease::KeyLease(int32_t slot) : slot_(findSlot(slot)) {
  if (slot_ != nullptr && slot_->leased.exchange(true, std::memory_order_acquire)) slot_ = nullptr;
}

KeyLease::~KeyLease() {
  if (slot_ != nullptr) slot_->leased.store(false, std::memory_order_release);
}

EVP_CIPHER_CTX* KeyLease::context() const { return slot_ == nullptr ? nullptr : slot_->context; }

namespace addon {

napi_value keyInstall(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t slot = args.int32(0);
  const int32_t aead = args.int32(1);
  const Bytes key = args.bytes(2);
  if (!args.ok()) return nullptr;
  if (!inTable(slot)) return throwRange(env, "key slot outside the table");
  if (key.size != kKeyBytes) return throwRange(env, "a key has 32 bytes");
  const EVP_CIPHER* cipher = cipherOf(aead);
  if (cipher == nullptr) return throwRange(env, "unknown AEAD");

  KeySlot* target = makeSlot(slot);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  if (target == nullptr || context == nullptr ||
      EVP_EncryptInit_ex2(context, cipher, key.data, nullptr, nullptr) != 1) {
    EVP_CIPHER_CTX_free(context);
    return throwErrno(env, ENOMEM, "EVP_EncryptInit_ex2");
  }
  EVP_CIPHER_CTX_free(replaceContext(target, context));
  return makeUndefined(env);
}

napi_value keyWipe(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t slot = args.int32(0);
  if (!args.ok()) return nullptr;
  if (!inTable(slot)) return throwRange(env, "key slot outside the table");
  KeySlot* target = findSlot(slot);
  // EVP_CIPHER_CTX_free clears the expanded key before it frees it.
  if (target != nullptr) EVP_CIPHER_CTX_free(replaceContext(target, nullptr));
  return makeUndefined(env);
}

}  // namespace addon
