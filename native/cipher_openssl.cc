// AEADs of the OpenSSL that Node carries.
//
// The sequence of EVP calls is the cheapest that OpenSSL 3.0 offers for a kept key: the tag passes by
// OSSL_PARAM, not EVP_CIPHER_CTX_ctrl (which builds the same parameters again for each call).
#include "cipher.h"
#include "evp.h"
#include "ops.h"

namespace {

constexpr OSSL_PARAM kParamEnd = {nullptr, 0, nullptr, 0, 0};

OSSL_PARAM tagParam(uint8_t* tag) { return OSSL_PARAM{"tag", kParamOctetString, tag, record::kTag, 0}; }

EVP_CIPHER_CTX* contextOf(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }

const EVP_CIPHER* cipherOf(int32_t aead) {
  static const EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static const EVP_CIPHER* const chacha = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  if (aead == ops::AEAD::AES_256_GCM) return aes;
  if (aead == ops::AEAD::CHACHA20_POLY1305) return chacha;
  return nullptr;
}

void* make(int32_t aead, const uint8_t* key) {
  const EVP_CIPHER* cipher = cipherOf(aead);
  EVP_CIPHER_CTX* context = cipher == nullptr ? nullptr : EVP_CIPHER_CTX_new();
  if (context != nullptr && EVP_EncryptInit_ex2(context, cipher, key, nullptr, nullptr) == 1) return context;
  EVP_CIPHER_CTX_free(context);
  return nullptr;
}

void release(void* context) { EVP_CIPHER_CTX_free(contextOf(context)); }

bool seal(void* kept, const uint8_t* nonce, uint8_t* datagram, int length) {
  EVP_CIPHER_CTX* const context = contextOf(kept);
  uint8_t* const body = datagram + record::kHeader;
  OSSL_PARAM tag[2] = {tagParam(body + length), kParamEnd};
  int written;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce, nullptr) == 1 &&
         EVP_EncryptUpdate(context, nullptr, &written, datagram, record::kHeader) == 1 &&
         (length == 0 || EVP_EncryptUpdate(context, body, &written, body, length) == 1) &&
         EVP_EncryptFinal_ex(context, body + length, &written) == 1 &&
         EVP_CIPHER_CTX_get_params(context, tag) == 1;
}

bool open(void* kept, const uint8_t* nonce, uint8_t* datagram, int length) {
  EVP_CIPHER_CTX* const context = contextOf(kept);
  uint8_t* const body = datagram + record::kHeader;
  const OSSL_PARAM tag[2] = {tagParam(body + length), kParamEnd};
  int written;
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce, tag) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &written, datagram, record::kHeader) == 1 &&
         (length == 0 || EVP_DecryptUpdate(context, body, &written, body, length) == 1) &&
         EVP_DecryptFinal_ex(context, body + length, &written) == 1;
}

}  // namespace

const CipherLibrary& opensslCiphers() {
  static const CipherLibrary library = {"OpenSSL", make, release, seal, open};
  return library;
}
