/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libcrypto, and the ids made of it. The block functions are used and not EVP: an EVP
 * context takes memory at every start (OpenSSL 3.0), and an id is made for each record; a
 * SHA256_CTX lives on the stack, so nothing is shared or allocated. They are marked deprecated
 * since 3.0, hence the API level. */
#define OPENSSL_API_COMPAT 0x10100000L

#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ID_BYTES   16
#define LAID_BYTES 256
#define HMAC_BLOCK 64

struct digest {
    SHA256_CTX context;
};

static void add(SHA256_CTX *context, struct span bytes)
{
    if (bytes.len > 0)
        SHA256_Update(context, bytes.at, bytes.len);
}

static void hash_of(unsigned char hash[SHA256_DIGEST_LENGTH], struct span bytes)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    add(&context, bytes);
    SHA256_Final(hash, &context);
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

/* The usual id is of a few short fields: they are laid out first, and hashed in one go. */
void digest_id(char id[DIGEST_ID_LEN + 1], const struct span *fields, size_t count)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char laid[LAID_BYTES] = "cb1";
    size_t used = 3;
    SHA256_CTX context;
    SHA256_Init(&context);
    for (size_t i = 0; i < count; i++) {
        size_t len = fields[i].len;
        const char prefix[4] = {(char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};
        if (len + sizeof prefix > sizeof laid - used) {
            add(&context, span_from(laid, used));
            used = 0;
        }
        memcpy(laid + used, prefix, sizeof prefix);
        used += sizeof prefix;
        if (len > sizeof laid - used) {
            add(&context, span_from(laid, used));
            add(&context, fields[i]);
            used = 0;
        } else if (len > 0) {
            memcpy(laid + used, fields[i].at, len);
            used += len;
        }
    }
    add(&context, span_from(laid, used));
    SHA256_Final(hash, &context);
    write_id(id, hash);
}

void digest_bytes(char id[DIGEST_ID_LEN + 1], struct span bytes)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    hash_of(hash, bytes);
    write_id(id, hash);
}

struct digest *digest_new(void)
{
    struct digest *digest = xmalloc(sizeof(*digest));
    SHA256_Init(&digest->context);
    return digest;
}

void digest_add(struct digest *digest, struct span bytes)
{
    add(&digest->context, bytes);
}

void digest_finish(struct digest *digest, char id[DIGEST_ID_LEN + 1])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256_Final(hash, &digest->context);
    write_id(id, hash);
    free(digest);
}

void digest_hex16(char hex[17], struct span bytes)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    hash_of(hash, bytes);
    digest_write_hex(hex, hash, 8);
}

void digest_sha256(unsigned char hash[DIGEST_BYTES], struct span bytes)
{
    hash_of(hash, bytes);
}

/* One of HMAC's two hashes: the padded key, then the parts. */
static void hash_padded(unsigned char hash[DIGEST_BYTES], const unsigned char block[HMAC_BLOCK],
                        unsigned char with, const struct span *parts, size_t count)
{
    unsigned char pad[HMAC_BLOCK];
    SHA256_CTX context;
    for (size_t i = 0; i < HMAC_BLOCK; i++)
        pad[i] = block[i] ^ with;
    SHA256_Init(&context);
    SHA256_Update(&context, pad, sizeof(pad));
    for (size_t i = 0; i < count; i++)
        add(&context, parts[i]);
    SHA256_Final(hash, &context);
    OPENSSL_cleanse(pad, sizeof(pad));
    OPENSSL_cleanse(&context, sizeof(context));
}

/* The library's own HMAC() takes memory at every call, as its EVP does. */
void digest_hmac(unsigned char mac[DIGEST_BYTES], struct span key, const struct span *parts,
                 size_t count)
{
    unsigned char block[HMAC_BLOCK] = {0}, inner[DIGEST_BYTES];
    if (key.len > HMAC_BLOCK)
        hash_of(block, key);
    else if (key.len > 0)
        memcpy(block, key.at, key.len);
    hash_padded(inner, block, 0x36, parts, count);
    struct span said = span_from((const char *)inner, sizeof(inner));
    hash_padded(mac, block, 0x5c, &said, 1);
    OPENSSL_cleanse(block, sizeof(block));
}

void digest_keyed_id(char id[DIGEST_ID_LEN + 1], struct span key, struct span text)
{
    unsigned char mac[DIGEST_BYTES];
    digest_hmac(mac, key, &text, 1);
    write_id(id, mac);
}

void digest_write_hex(char *hex, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    hex[2 * count] = '\0';
}

_Bool digest_read_hex(unsigned char *bytes, size_t count, struct span hex)
{
    if (hex.len != 2 * count)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        ptrdiff_t digit = span_find(SPAN("0123456789abcdef"), hex.at[i]);
        if (digit < 0)
            return false;
        bytes[i / 2] = (unsigned char)(i % 2 ? bytes[i / 2] << 4 | digit : digit);
    }
    return true;
}

_Bool digest_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
