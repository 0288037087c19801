#ifndef CLIBCRYPTO_SHIM_H
#define CLIBCRYPTO_SHIM_H
/* SHA256_Init and its like, which OpenSSL 3 has for programs that were written for 1.1.1: they work in memory of the
   caller's. EVP, which it would rather see used, allocates, locks and looks up: 160 ns more for each digest. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/sha.h>
#endif
