// The part of OpenSSL 3's public EVP interface that sealing and Noise need. The node binary exports these functions
// to addons; declaring them here keeps the build free of OpenSSL's headers. The ABI is stable within
// OpenSSL 3 (see OpenSSL's manual pages of the same names).
#pragma once

#include <cstddef>

extern "C" {

typedef struct evp_cipher_st EVP_CIPHER;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;

typedef struct ossl_param_st {
  const char* key;
  unsigned int data_type;
  void* data;
  size_t data_size;
  size_t return_size;
} OSSL_PARAM;

EVP_CIPHER* EVP_CIPHER_fetch(void* library, const char* algorithm, const char* properties);

EVP_CIPHER_CTX* EVP_CIPHER_CTX_new(void);
void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX* context);
int EVP_CIPHER_CTX_get_params(EVP_CIPHER_CTX* context, OSSL_PARAM params[]);

int EVP_EncryptInit_ex2(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, const unsigned char* key,
                        const unsigned char* iv, const OSSL_PARAM params[]);
int EVP_EncryptUpdate(EVP_CIPHER_CTX* context, unsigned char* out, int* out_length, const unsigned char* in,
                      int in_length);
int EVP_EncryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_length);

int EVP_DecryptInit_ex2(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, const unsigned char* key,
                        const unsigned char* iv, const OSSL_PARAM params[]);
int EVP_DecryptUpdate(EVP_CIPHER_CTX* context, unsigned char* out, int* out_length, const unsigned char* in,
                      int in_length);
int EVP_DecryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_length);

typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct engine_st ENGINE;

EVP_MD* EVP_MD_fetch(void* library, const char* algorithm, const char* properties);
EVP_MD_CTX* EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX* context);
int EVP_DigestInit_ex(EVP_MD_CTX* context, const EVP_MD* digest, ENGINE* engine);
int EVP_DigestUpdate(EVP_MD_CTX* context, const void* data, size_t length);
int EVP_DigestFinal_ex(EVP_MD_CTX* context, unsigned char* digest, unsigned int* length);

void OPENSSL_cleanse(void* memory, size_t length);
void ERR_clear_error(void);

}  // extern "C"

/// OSSL_PARAM_OCTET_STRING of openssl/core.h.
constexpr unsigned int kParamOctetString = 5;
