/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libcrypto, and the ids made of it. Each thread keeps one digest context for the calls
 * that end where they begin, so the path of a record allocates nothing; the context holds no data
 * between calls. A library without SHA-256 is a broken installation: the first call aborts. */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

#include "base/memory.h"

#define SHA256_SIZE 32
#define ID_BYTES    16

struct digest {
    EVP_MD_CTX *context; /* owned */
};

static once_flag key_made = ONCE_FLAG_INIT;
static tss_t thread_key; /* this thread's EVP_MD_CTX; freed when the thread ends */
static _Thread_local EVP_MD_CTX *thread_context;

static void must(int ok)
{
    if (ok == 1)
        return;
    fprintf(stderr, "SHA-256 of libcrypto failed\n");
    abort();
}

static EVP_MD_CTX *make_context(void)
{
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(sha256 != NULL && context != NULL);
    must(EVP_DigestInit_ex(context, sha256, NULL));
    EVP_MD_free(sha256); /* the context holds its own reference */
    return context;
}

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void make_key(void)
{
    must(tss_create(&thread_key, free_context) == thrd_success);
}

/* This thread's context, ready for bytes. Without a type it keeps its algorithm and its memory. */
static EVP_MD_CTX *begin(void)
{
    if (thread_context == NULL) {
        call_once(&key_made, make_key);
        thread_context = make_context();
        must(tss_set(thread_key, thread_context) == thrd_success);
    }
    must(EVP_DigestInit_ex(thread_context, NULL, NULL));
    return thread_context;
}

static void add(EVP_MD_CTX *context, const void *at, size_t len)
{
    if (len > 0)
        must(EVP_DigestUpdate(context, at, len));
}

static void finish(EVP_MD_CTX *context, unsigned char hash[SHA256_SIZE])
{
    must(EVP_DigestFinal_ex(context, hash, NULL));
}

/* base64url of 16 bytes: 5 groups of three and one last byte, without padding. */
static void write_id(char id[DIGEST_ID_LEN + 1], const unsigned char *hash)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *to = id;
    for (size_t i = 0; i < ID_BYTES; i += 3) {
        bool whole = i + 2 < ID_BYTES;
        unsigned group = (unsigned)hash[i] << 16;
        if (whole)
            group |= (unsigned)hash[i + 1] << 8 | hash[i + 2];
        *to++ = alphabet[group >> 18];
        *to++ = alphabet[group >> 12 & 63];
        if (whole) {
            *to++ = alphabet[group >> 6 & 63];
            *to++ = alphabet[group & 63];
        }
    }
    *to = '\0';
}

void digest_id(char id[DIGEST_ID_LEN + 1], const struct span *fields, size_t count)
{
    unsigned char hash[SHA256_SIZE];
    EVP_MD_CTX *context = begin();
    add(context, "cb1", 3);
    for (size_t i = 0; i < count; i++) {
        size_t len = fields[i].len;
        unsigned char prefix[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                   (unsigned char)(len >> 8), (unsigned char)len};
        add(context, prefix, sizeof(prefix));
        add(context, fields[i].at, len);
    }
    finish(context, hash);
    write_id(id, hash);
}

void digest_bytes(char id[DIGEST_ID_LEN + 1], struct span bytes)
{
    unsigned char hash[SHA256_SIZE];
    EVP_MD_CTX *context = begin();
    add(context, bytes.at, bytes.len);
    finish(context, hash);
    write_id(id, hash);
}

struct digest *digest_new(void)
{
    struct digest *digest = xcalloc(1, sizeof(*digest));
    digest->context = make_context();
    return digest;
}

void digest_add(struct digest *digest, struct span bytes)
{
    add(digest->context, bytes.at, bytes.len);
}

void digest_finish(struct digest *digest, char id[DIGEST_ID_LEN + 1])
{
    unsigned char hash[SHA256_SIZE];
    finish(digest->context, hash);
    write_id(id, hash);
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

void digest_hex16(char hex[17], struct span bytes)
{
    unsigned char hash[SHA256_SIZE];
    EVP_MD_CTX *context = begin();
    add(context, bytes.at, bytes.len);
    finish(context, hash);
    for (size_t i = 0; i < 8; i++) {
        hex[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    hex[16] = '\0';
}

_Bool digest_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
