#include "keys.h"

#include <errno.h>
#include <time.h>

#include <atomic>
#include <mutex>
#include <new>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "helpers.h"
#include "ops.h"
#include "results.h"

struct KeySlot {
  std::atomic<bool> leased{false};
  EVP_CIPHER_CTX* context = nullptr;
};

namespace {

constexpr int32_t kSlots = 1 << 20;
constexpr int32_t kChunkSlots = 1 << 10;
constexpr int32_t kHelperSlots = 1 << 12;
constexpr size_t kKeyBytes = 32;

// Chunks are made when first installed into and live as long as the process, so a reader needs no lock
// to follow a published pointer.
std::atomic<KeySlot*> chunks[kSlots / kChunkSlots];
/// The slots of helpers. Only the lowest have any: what many clients cost does not grow with the number of threads.
std::atomic<KeySlot*> helperChunks[helpers::kMax][kHelperSlots / kChunkSlots];
std::mutex growing;

bool inTable(int32_t slot) { return slot >= 0 && slot < kSlots; }

/// Where the chunk of a slot is published; nullptr when the thread has no such slot.
std::atomic<KeySlot*>* placeOf(int32_t slot, int thread) {
  if (!inTable(slot)) return nullptr;
  if (thread == 0) return &chunks[slot / kChunkSlots];
  return slot < kHelperSlots ? &helperChunks[thread - 1][slot / kChunkSlots] : nullptr;
}

KeySlot* findSlot(int32_t slot, int thread) {
  const std::atomic<KeySlot*>* place = placeOf(slot, thread);
  KeySlot* chunk = place == nullptr ? nullptr : place->load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &chunk[slot % kChunkSlots];
}

KeySlot* makeSlot(int32_t slot, int thread) {
  const std::lock_guard<std::mutex> guard(growing);
  std::atomic<KeySlot*>* place = placeOf(slot, thread);
  if (place == nullptr) return nullptr;
  if (place->load(std::memory_order_relaxed) == nullptr) {
    KeySlot* chunk = new (std::nothrow) KeySlot[kChunkSlots];
    if (chunk == nullptr) return nullptr;
    place->store(chunk, std::memory_order_release);
  }
  return findSlot(slot, thread);
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

/// Fills the slot of one thread; false when there is no memory.
bool fillSlot(KeySlot* slot, const EVP_CIPHER* cipher, const uint8_t* key) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  if (slot == nullptr || context == nullptr ||
      EVP_EncryptInit_ex2(context, cipher, key, nullptr, nullptr) != 1) {
    EVP_CIPHER_CTX_free(context);
    return false;
  }
  EVP_CIPHER_CTX_free(replaceContext(slot, context));
  return true;
}

/// Empties the slot of one thread. EVP_CIPHER_CTX_free clears the expanded key before it frees it.
void emptySlot(KeySlot* slot) {
  if (slot != nullptr) EVP_CIPHER_CTX_free(replaceContext(slot, nullptr));
}

/// Has helpers 1 … `wanted` hold a key too, and no others. Without memory a helper holds none and its share is the worker's.
void fillHelpers(int32_t slot, int wanted, const EVP_CIPHER* cipher, const uint8_t* key) {
  for (int thread = 1; thread <= helpers::kMax; thread++) {
    if (thread > wanted || slot >= kHelperSlots || !fillSlot(makeSlot(slot, thread), cipher, key)) {
      emptySlot(findSlot(slot, thread));
    }
  }
}

}  // namespace

KeyLease::KeyLease(int32_t slot, int thread) : slot_(findSlot(slot, thread)) {
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
  const int32_t helpersToo = args.int32OrNone(3);
  if (!args.ok()) return nullptr;
  if (!inTable(slot)) return throwRange(env, "key slot outside the table");
  if (key.size != kKeyBytes) return throwRange(env, "a key has 32 bytes");
  const EVP_CIPHER* cipher = cipherOf(aead);
  if (cipher == nullptr) return throwRange(env, "unknown AEAD");
  if (!fillSlot(makeSlot(slot, 0), cipher, key.data)) return throwErrno(env, ENOMEM, "EVP_EncryptInit_ex2");
  fillHelpers(slot, helpersToo, cipher, key.data);
  return makeUndefined(env);
}

napi_value keyWipe(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t slot = args.int32(0);
  if (!args.ok()) return nullptr;
  if (!inTable(slot)) return throwRange(env, "key slot outside the table");
  for (int thread = 0; thread <= helpers::kMax; thread++) emptySlot(findSlot(slot, thread));
  return makeUndefined(env);
}

}  // namespace addon
