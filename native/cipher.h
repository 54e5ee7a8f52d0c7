// One key of an AEAD, ready to seal and open datagrams, in whichever library is faster at it here.
#pragma once

#include <cstdint>

namespace record {

/// Bytes in front of each ciphertext (authenticated), behind it, and of a nonce.
constexpr int32_t kHeader = 16;
constexpr int32_t kTag = 16;
constexpr int32_t kNonce = 12;
constexpr int32_t kKey = 32;

}  // namespace record

/// What the libraries have in common. A context holds one expanded key and serves one thread at a time.
struct CipherLibrary {
  /// Name and version, for people.
  const char* name;
  /// nullptr: there is no memory, or the library is not asked for this AEAD (`ops::AEAD`).
  void* (*make)(int32_t aead, const uint8_t* key);
  /// Clears the expanded key and frees it; nothing when there is none.
  void (*free)(void* context);
  /// Encrypts the `length` bytes after the header of `datagram` in place and appends the tag.
  bool (*seal)(void* context, const uint8_t* nonce, uint8_t* datagram, int length);
  /// Decrypts the `length` bytes after the header in place; false when the tag behind them does not match.
  bool (*open)(void* context, const uint8_t* nonce, uint8_t* datagram, int length);
};

/// A key in one of the libraries; empty without a context.
struct Cipher {
  const CipherLibrary* library = nullptr;
  void* context = nullptr;
};

/// The one that Node carries: always there, for every AEAD (cipher_openssl.cc).
const CipherLibrary& opensslCiphers();

/// The one that most systems have; nullptr where it is missing (cipher_gcrypt.cc).
const CipherLibrary* gcryptCiphers();

/// The faster one for this AEAD, found out once (cipher_choice.cc).
const CipherLibrary& fastestCiphers(int32_t aead);

/// Whether the processor has AES instructions.
bool hasHardwareAes();
