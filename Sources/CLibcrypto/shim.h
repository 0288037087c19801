#ifndef CLIBCRYPTO_SHIM_H
#define CLIBCRYPTO_SHIM_H
/* SHA256_Init and the like, which OpenSSL 3 keeps for programs written for 1.1.1: they work in the caller's memory.
   EVP, which it recommends instead, allocates, locks and looks up: 160 ns more for each digest. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/sha.h>
#endif
