// The process-wide table of key slots. Each slot holds one cipher with its expanded key; the key itself is kept
// nowhere else.
#pragma once

#include <cstdint>

#include "cipher.h"

/// Exclusive use of one key slot, for the time of one record. It never blocks, so that a real-time thread
/// cannot hang on a control thread that was preempted inside the table: a slot that is being installed or
/// wiped, or that another thread uses at this moment, reads as empty. Each helper of a worker has slots of its
/// own, since a context serves one thread at a time; not all of them are filled.
class KeyLease {
 public:
  /// `thread` as in `Shared::doPart`.
  KeyLease(int32_t slot, int thread);
  ~KeyLease();
  KeyLease(const KeyLease&) = delete;
  KeyLease& operator=(const KeyLease&) = delete;

  /// The slot's cipher; empty when the slot is empty, in use or outside the table.
  Cipher cipher() const;

 private:
  struct KeySlot* slot_;
};
