// Sealing and opening of datagrams: outer header (16 bytes, authenticated) | ciphertext | tag (16 bytes).
#include <endian.h>
#include <errno.h>

#include <cstring>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "evp.h"
#include "helpers.h"
#include "keys.h"
#include "ops.h"
#include "results.h"

namespace {

using record::kHeader;
using record::kNonce;
using record::kTag;

constexpr int64_t kCacheLine = 64;

constexpr int32_t kFailed = -1;
constexpr int32_t kForged = -1;
constexpr int32_t kEmptySlot = -2;
/// Inside one call only: the helper holds no key of that slot, the row is the worker's.
constexpr int32_t kLeft = INT32_MIN;

/// A nonce is the stream (u32) and the counter (u64), both big-endian; every header carries the pair.
void writeNonce(uint8_t* nonce, uint8_t stream, const uint8_t* counter) {
  const uint8_t high[4] = {0, 0, 0, stream};
  memcpy(nonce, high, sizeof high);
  memcpy(nonce + 4, counter, 8);
}

void writeHeader(uint8_t* out, uint8_t type, uint8_t stream, uint32_t receiver, uint64_t counter) {
  const uint32_t receiverBig = htobe32(receiver);
  const uint64_t counterBig = htobe64(counter);
  out[0] = type;
  out[1] = stream;
  out[2] = 0;
  out[3] = 0;
  memcpy(out + 4, &receiverBig, 4);
  memcpy(out + 8, &counterBig, 8);
}

void growIndex(uint8_t* index, uint32_t by) {
  uint16_t value;
  memcpy(&value, index, 2);
  value = htobe16(static_cast<uint16_t>(be16toh(value) + by));
  memcpy(index, &value, 2);
}

/// Brings the lines that the next datagram is written to into the cache while this one is encrypted: the ring that
/// holds sealed datagrams is larger than the cache of a core. A prefetch never faults, wherever it points.
void prefetchForWriting(const uint8_t* to, int64_t length) {
  for (int64_t at = 0; at < length; at += kCacheLine) __builtin_prefetch(to + at, 1);
}

bool sealDatagram(const Cipher& cipher, uint8_t* datagram, int length) {
  uint8_t nonce[kNonce];
  writeNonce(nonce, datagram[1], datagram + 8);
  return cipher.library->seal(cipher.context, nonce, datagram, length);
}

bool openDatagram(const Cipher& cipher, uint8_t* datagram, int length) {
  uint8_t nonce[kNonce];
  writeNonce(nonce, datagram[1], datagram + 8);
  return cipher.library->open(cipher.context, nonce, datagram, length);
}

/// A checked row of SEAL.
struct SealRun {
  int64_t datagrams;
  int32_t payload;
  int32_t segment;
  /// Bytes in front of the payload slice in each plaintext.
  int32_t lead;
  /// Bytes from one datagram to the next.
  int64_t stride;
  uint64_t counter;

  int64_t total() const { return datagrams * (stride - segment) + payload; }
};

/// Checks a row against the arena, so that no error in a caller can read or write outside of it.
bool planRun(const Bytes& arena, const int32_t* row, SealRun* run) {
  using namespace ops::SEAL;
  if (!arena.holds(row[PREFIX_OFFSET], row[PREFIX_LENGTH]) ||
      !arena.holds(row[HEAD_OFFSET], row[HEAD_LENGTH]) ||
      !arena.holds(row[PAYLOAD_OFFSET], row[PAYLOAD_LENGTH])) {
    return false;
  }
  const int64_t lead = static_cast<int64_t>(row[PREFIX_LENGTH]) + row[HEAD_LENGTH];
  const int32_t index = row[PREFIX_INDEX];
  if (lead > INT32_MAX || index < -1 || (index >= 0 && index > row[PREFIX_LENGTH] - 2)) return false;

  run->payload = row[PAYLOAD_LENGTH];
  if (run->payload == 0) {
    run->segment = 0;
    run->datagrams = 1;
  } else {
    if (row[SEGMENT] <= 0) return false;
    run->segment = row[SEGMENT] < run->payload ? row[SEGMENT] : run->payload;
    run->datagrams = (static_cast<int64_t>(run->payload) + run->segment - 1) / run->segment;
  }
  run->lead = static_cast<int32_t>(lead);
  run->stride = kHeader + lead + run->segment + kTag;
  run->counter = static_cast<uint64_t>(static_cast<uint32_t>(row[COUNTER_HIGH])) << 32 |
                 static_cast<uint32_t>(row[COUNTER_LOW]);
  const bool counterWraps = run->counter > UINT64_MAX - static_cast<uint64_t>(run->datagrams);
  return !counterWraps && run->stride <= INT32_MAX && run->total() <= INT32_MAX &&
         arena.holds(row[OUT], run->total());
}

/// Seals one row; returns the number of datagrams, 0 when it failed.
int32_t sealRow(const Bytes& arena, int32_t* row, int thread) {
  using namespace ops::SEAL;
  row[RESULT] = kFailed;
  SealRun run;
  if (!planRun(arena, row, &run)) return 0;
  const KeyLease lease(row[KEY], thread);
  const Cipher cipher = lease.cipher();
  if (cipher.context == nullptr) {
    if (thread > 0) row[RESULT] = kLeft;
    return 0;
  }

  uint8_t* const out = arena.data + row[OUT];
  const uint8_t* const prefix = arena.data + row[PREFIX_OFFSET];
  const uint8_t* const head = arena.data + row[HEAD_OFFSET];
  const uint8_t* const payload = arena.data + row[PAYLOAD_OFFSET];
  const int32_t prefixLength = row[PREFIX_LENGTH];
  const int32_t prefixIndex = row[PREFIX_INDEX];

  // A payload already in place spreads out, so the last datagram goes first: no slice is overwritten before it has
  // moved. Any other payload goes forward, the order in which memory is read fastest.
  const bool inPlace = out + kHeader + run.lead == payload;
  for (int64_t done = 0; done < run.datagrams; done++) {
    const int64_t i = inPlace ? run.datagrams - 1 - done : done;
    const int64_t start = i * run.segment;
    const int32_t slice =
        static_cast<int32_t>(run.payload - start < run.segment ? run.payload - start : run.segment);
    uint8_t* const datagram = out + i * run.stride;
    uint8_t* const plaintext = datagram + kHeader;
    if (!inPlace) prefetchForWriting(datagram + run.stride, run.stride);
    if (plaintext + run.lead != payload + start) memmove(plaintext + run.lead, payload + start, slice);
    memmove(plaintext, prefix, prefixLength);
    if (prefixIndex >= 0) growIndex(plaintext + prefixIndex, static_cast<uint32_t>(i));
    memmove(plaintext + prefixLength, head, run.lead - prefixLength);
    writeHeader(datagram, static_cast<uint8_t>(row[TYPE]), static_cast<uint8_t>(row[STREAM]),
                static_cast<uint32_t>(row[RECEIVER]), run.counter + static_cast<uint64_t>(i));
    if (!sealDatagram(cipher, datagram, run.lead + slice)) return 0;
  }
  row[RESULT] = static_cast<int32_t>(run.total());
  return static_cast<int32_t>(run.datagrams);
}

int32_t resultOfOpening(const Bytes& arena, const int32_t* row, int thread) {
  using namespace ops::OPEN;
  if (row[LENGTH] < kHeader + kTag || !arena.holds(row[OFFSET], row[LENGTH])) return kForged;
  const KeyLease lease(row[KEY], thread);
  const Cipher cipher = lease.cipher();
  if (cipher.context == nullptr) return thread > 0 ? kLeft : kEmptySlot;
  uint8_t* const datagram = arena.data + row[OFFSET];
  const int length = row[LENGTH] - kHeader - kTag;
  if (openDatagram(cipher, datagram, length)) return 0;
  // GCM decrypts before it knows the tag: unauthenticated plaintext must not stay readable.
  memset(datagram + kHeader, 0, length);
  return kForged;
}

/// Opens one row; returns 1 when it is authentic, else 0.
int32_t openRow(const Bytes& arena, int32_t* row, int thread) {
  const int32_t result = resultOfOpening(arena, row, thread);
  row[ops::OPEN::RESULT] = result;
  return result == 0 ? 1 : 0;
}

/// What sealing and opening have in common: independent rows, each of which counts up.
struct Kind {
  int32_t (*doRow)(const Bytes& arena, int32_t* row, int thread);
  int32_t words;
  int32_t length;
  int32_t result;
};

constexpr Kind kSealing = {sealRow, ops::SEAL::WORDS, ops::SEAL::PAYLOAD_LENGTH, ops::SEAL::RESULT};
constexpr Kind kOpening = {openRow, ops::OPEN::WORDS, ops::OPEN::LENGTH, ops::OPEN::RESULT};

/// A batch whose rows the helpers take their share of.
class SharedRows final : public Shared {
 public:
  SharedRows(const Bytes& arena, const Kind& kind, int32_t* rows, const Cuts& cuts)
      : arena_(arena), kind_(kind), rows_(rows), cuts_(cuts) {}

  void doPart(int part, int thread) override {
    int32_t counted = 0;
    for (int32_t i = cuts_.from(part); i < cuts_.to(part); i++) {
      counted += kind_.doRow(arena_, rows_ + static_cast<int64_t>(i) * kind_.words, thread);
    }
    counted_[part] = counted;
    // A forgery leaves an entry in OpenSSL's error queue of this thread.
    if (thread > 0) ERR_clear_error();
  }

  int32_t run() {
    helpers::share(this, cuts_.parts());
    int32_t counted = 0;
    for (int part = 0; part < cuts_.parts(); part++) counted += counted_[part];
    for (int32_t i = 0; i < cuts_.to(cuts_.parts() - 1); i++) {
      int32_t* row = rows_ + static_cast<int64_t>(i) * kind_.words;
      if (row[kind_.result] == kLeft) counted += kind_.doRow(arena_, row, 0);
    }
    return counted;
  }

 private:
  const Bytes& arena_;
  const Kind& kind_;
  int32_t* const rows_;
  const Cuts& cuts_;
  int32_t counted_[helpers::kMaxParts];
};

int64_t bytesOf(const Kind& kind, const int32_t* row) { return row[kind.length] > 0 ? row[kind.length] : 0; }

/// Does `count` rows with the helpers, if there are any and the batch is worth it; false leaves all to the caller.
bool shareRows(const Bytes& arena, const Kind& kind, int32_t* rows, int32_t count, int32_t* counted) {
  if (helpers::count() == 0) return false;
  int64_t bytes = 0;
  for (int32_t i = 0; i < count; i++) bytes += bytesOf(kind, rows + static_cast<int64_t>(i) * kind.words);
  if (!helpers::isWorthIt(bytes)) return false;
  Cuts cuts(bytes);
  for (int32_t i = 0; i < count; i++) cuts.add(bytesOf(kind, rows + static_cast<int64_t>(i) * kind.words));
  if (cuts.parts() == 1) return false;
  *counted = SharedRows(arena, kind, rows, cuts).run();
  return true;
}

}  // namespace

namespace addon {

napi_value seal(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const Words rows = args.words(1);
  const int32_t count = args.int32(2);
  if (!args.ok()) return nullptr;
  if (!rows.holdsRows(count, ops::SEAL::WORDS)) return throwRange(env, "more rows than the array holds");
  int32_t datagrams = 0;
  if (shareRows(arena, kSealing, rows.data, count, &datagrams)) return makeInt32(env, datagrams);
  for (int32_t i = 0; i < count; i++) datagrams += sealRow(arena, rows.data + i * ops::SEAL::WORDS, 0);
  return makeInt32(env, datagrams);
}

napi_value open(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const Bytes arena = args.bytes(0);
  const Words rows = args.words(1);
  const int32_t count = args.int32(2);
  if (!args.ok()) return nullptr;
  if (!rows.holdsRows(count, ops::OPEN::WORDS)) return throwRange(env, "more rows than the array holds");
  int32_t authentic = 0;
  if (!shareRows(arena, kOpening, rows.data, count, &authentic)) {
    for (int32_t i = 0; i < count; i++) authentic += openRow(arena, rows.data + i * ops::OPEN::WORDS, 0);
  }
  // A forgery leaves an entry in OpenSSL's error queue of this thread; no later call may mistake it for its own.
  if (authentic != count) ERR_clear_error();
  return makeInt32(env, authentic);
}

napi_value hasHardwareAes(napi_env env, napi_callback_info) { return makeBoolean(env, ::hasHardwareAes()); }

napi_value aeadLibrary(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t aead = args.int32(0);
  if (!args.ok()) return nullptr;
  return makeText(env, fastestCiphers(aead).name);
}

}  // namespace addon
