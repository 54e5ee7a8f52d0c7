// AES-256-GCM of libgcrypt, where the system has it. Loaded when it is first asked for, by the name of its binary
// interface, which has been the same since 2011: neither the build nor the start needs it.
#include <dlfcn.h>

#include <cstdio>

#include "cipher.h"
#include "ops.h"

namespace {

using Handle = void*;
using Error = unsigned int;

// Numbers of gcrypt.h.
constexpr int kAes256 = 9;
constexpr int kGcm = 9;
constexpr int kDisableSecureMemory = 37;
constexpr int kInitializationFinished = 38;

/// The functions of gcrypt.h that sealing needs, under its names without `gcry_`.
struct Functions {
  const char* (*check_version)(const char* required);
  Error (*control)(int command, ...);
  Error (*cipher_open)(Handle* handle, int algorithm, int mode, unsigned int flags);
  void (*cipher_close)(Handle handle);
  Error (*cipher_setkey)(Handle handle, const void* key, size_t length);
  Error (*cipher_setiv)(Handle handle, const void* iv, size_t length);
  Error (*cipher_authenticate)(Handle handle, const void* data, size_t length);
  Error (*cipher_encrypt)(Handle handle, void* out, size_t size, const void* in, size_t length);
  Error (*cipher_decrypt)(Handle handle, void* out, size_t size, const void* in, size_t length);
  Error (*cipher_gettag)(Handle handle, void* tag, size_t length);
  Error (*cipher_checktag)(Handle handle, const void* tag, size_t length);
};

Functions gcrypt;
char name[48];

template <typename Function>
bool find(void* library, const char* symbol, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(library, symbol));
  return *function != nullptr;
}

/// Loads the library and makes it ready; false where it is missing or something else.
bool load() {
  void* const library = dlopen("libgcrypt.so.20", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || !find(library, "gcry_check_version", &gcrypt.check_version) ||
      !find(library, "gcry_control", &gcrypt.control) ||
      !find(library, "gcry_cipher_open", &gcrypt.cipher_open) ||
      !find(library, "gcry_cipher_close", &gcrypt.cipher_close) ||
      !find(library, "gcry_cipher_setkey", &gcrypt.cipher_setkey) ||
      !find(library, "gcry_cipher_setiv", &gcrypt.cipher_setiv) ||
      !find(library, "gcry_cipher_authenticate", &gcrypt.cipher_authenticate) ||
      !find(library, "gcry_cipher_encrypt", &gcrypt.cipher_encrypt) ||
      !find(library, "gcry_cipher_decrypt", &gcrypt.cipher_decrypt) ||
      !find(library, "gcry_cipher_gettag", &gcrypt.cipher_gettag) ||
      !find(library, "gcry_cipher_checktag", &gcrypt.cipher_checktag)) {
    return false;
  }
  const char* const version = gcrypt.check_version(nullptr);
  if (version == nullptr) return false;
  snprintf(name, sizeof name, "libgcrypt %s", version);
  // Its pool of locked memory has room for a few keys only; the daemon forbids core dumps and keeps keys off the disk itself.
  return gcrypt.control(kDisableSecureMemory, 0) == 0 && gcrypt.control(kInitializationFinished, 0) == 0;
}

void* make(int32_t aead, const uint8_t* key) {
  Handle handle = nullptr;
  if (aead != ops::AEAD::AES_256_GCM || gcrypt.cipher_open(&handle, kAes256, kGcm, 0) != 0) return nullptr;
  if (gcrypt.cipher_setkey(handle, key, record::kKey) == 0) return handle;
  gcrypt.cipher_close(handle);
  return nullptr;
}

void release(void* handle) {
  if (handle != nullptr) gcrypt.cipher_close(handle);
}

bool begin(Handle handle, const uint8_t* nonce, const uint8_t* datagram) {
  return gcrypt.cipher_setiv(handle, nonce, record::kNonce) == 0 &&
         gcrypt.cipher_authenticate(handle, datagram, record::kHeader) == 0;
}

bool seal(void* handle, const uint8_t* nonce, uint8_t* datagram, int length) {
  uint8_t* const body = datagram + record::kHeader;
  return begin(handle, nonce, datagram) && gcrypt.cipher_encrypt(handle, body, length, nullptr, 0) == 0 &&
         gcrypt.cipher_gettag(handle, body + length, record::kTag) == 0;
}

bool open(void* handle, const uint8_t* nonce, uint8_t* datagram, int length) {
  uint8_t* const body = datagram + record::kHeader;
  return begin(handle, nonce, datagram) && gcrypt.cipher_decrypt(handle, body, length, nullptr, 0) == 0 &&
         gcrypt.cipher_checktag(handle, body + length, record::kTag) == 0;
}

}  // namespace

const CipherLibrary* gcryptCiphers() {
  static const CipherLibrary library = {name, make, release, seal, open};
  static const bool loaded = load();
  return loaded ? &library : nullptr;
}
