#include "keys.h"

#include <errno.h>
#include <time.h>

#include <atomic>
#include <mutex>
#include <new>

#include "addon.h"
#include "args.h"
#include "cipher.h"
#include "error.h"
#include "helpers.h"
#include "ops.h"
#include "results.h"

struct KeySlot {
  std::atomic<bool> leased{false};
  Cipher cipher;
};

namespace {

constexpr int32_t kSlots = 1 << 20;
constexpr int32_t kChunkSlots = 1 << 10;
/// Only the lowest slots may take more memory than a key needs: what many clients cost grows neither with the number
/// of threads nor with what is faster.
constexpr int32_t kRoomySlots = 1 << 12;

// Chunks are made when first installed into and live as long as the process, so a reader needs no lock
// to follow a published pointer.
std::atomic<KeySlot*> chunks[kSlots / kChunkSlots];
std::atomic<KeySlot*> helperChunks[helpers::kMax][kRoomySlots / kChunkSlots];
std::mutex growing;

bool inTable(int32_t slot) { return slot >= 0 && slot < kSlots; }

/// Where the chunk of a slot is published; nullptr when the thread has no such slot.
std::atomic<KeySlot*>* placeOf(int32_t slot, int thread) {
  if (!inTable(slot)) return nullptr;
  if (thread == 0) return &chunks[slot / kChunkSlots];
  return slot < kRoomySlots ? &helperChunks[thread - 1][slot / kChunkSlots] : nullptr;
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

/// Puts `cipher` in place of the slot's, waiting for a record in progress; frees the former one.
void replaceCipher(KeySlot* slot, Cipher cipher) {
  const timespec pause = {0, 20'000};
  while (slot->leased.exchange(true, std::memory_order_acquire)) nanosleep(&pause, nullptr);
  const Cipher former = slot->cipher;
  slot->cipher = cipher;
  slot->leased.store(false, std::memory_order_release);
  if (former.context != nullptr) former.library->free(former.context);
}

/// Fills the slot of one thread; false when there is no memory.
bool fillSlot(KeySlot* slot, const CipherLibrary& library, int32_t aead, const uint8_t* key) {
  if (slot == nullptr) return false;
  void* const context = library.make(aead, key);
  if (context == nullptr) return false;
  replaceCipher(slot, {&library, context});
  return true;
}

/// Empties the slot of one thread.
void emptySlot(KeySlot* slot) {
  if (slot != nullptr) replaceCipher(slot, {});
}

/// Has helpers 1 … `wanted` hold a key too, and no others. Without memory a helper holds none and its share is the worker's.
void fillHelpers(int32_t slot, int wanted, const CipherLibrary& library, int32_t aead, const uint8_t* key) {
  for (int thread = 1; thread <= helpers::kMax; thread++) {
    if (thread > wanted || slot >= kRoomySlots || !fillSlot(makeSlot(slot, thread), library, aead, key)) {
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

Cipher KeyLease::cipher() const { return slot_ == nullptr ? Cipher{} : slot_->cipher; }

namespace addon {

napi_value keyInstall(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t slot = args.int32(0);
  const int32_t aead = args.int32(1);
  const Bytes key = args.bytes(2);
  const int32_t helpersToo = args.int32OrNone(3);
  if (!args.ok()) return nullptr;
  if (!inTable(slot)) return throwRange(env, "key slot outside the table");
  if (key.size != record::kKey) return throwRange(env, "a key has 32 bytes");
  if (aead != ops::AEAD::AES_256_GCM && aead != ops::AEAD::CHACHA20_POLY1305) return throwRange(env, "unknown AEAD");
  const CipherLibrary& library = slot < kRoomySlots ? fastestCiphers(aead) : opensslCiphers();
  if (!fillSlot(makeSlot(slot, 0), library, aead, key.data)) return throwErrno(env, ENOMEM, "keyInstall");
  fillHelpers(slot, helpersToo, library, aead, key.data);
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
