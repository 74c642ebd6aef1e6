#ifndef MILLRACE_COPENSSL_H
#define MILLRACE_COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#endif
