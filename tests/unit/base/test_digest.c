/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/digest.h"

static size_t allocations;

static void *count_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return malloc(size);
}

static void *count_realloc(void *at, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return realloc(at, size);
}

static void count_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    free(at);
}

/* Expected values by Python's hashlib, base64 and struct. */
static void hashes_bytes_into_22_characters(void **state)
{
    (void)state;
    char id[DIGEST_ID_LEN + 1];
    digest_bytes(id, SPAN(""));
    assert_string_equal(id, "47DEQpj8HBSa-_TImW-5JA");
    digest_bytes(id, SPAN("abc"));
    assert_string_equal(id, "ungWv48Bz-pBQUDeXa4iIw");
    digest_bytes(id, SPAN_NONE);
    assert_string_equal(id, "47DEQpj8HBSa-_TImW-5JA");
}

static void frames_each_field_of_an_id_by_its_length(void **state)
{
    (void)state;
    char id[DIGEST_ID_LEN + 1];
    digest_id(id, NULL, 0);
    assert_string_equal(id, "F_lwF28OXk_PWHLjhoqMww");
    digest_id(id, (const struct span[]){SPAN("a"), SPAN("bc")}, 2);
    assert_string_equal(id, "IF-lw_t4ApIFmKaPDL_D4w");
    digest_id(id, (const struct span[]){SPAN("ab"), SPAN("c")}, 2);
    assert_string_equal(id, "Rc5ow1CtMVS8bXc3ScZLCA");
    digest_id(id,
              (const struct span[]){SPAN("request:12345"), SPAN("工单"), SPAN("opened"), SPAN("")},
              4);
    assert_string_equal(id, "PU9oz6l0hldnGTNoyIl9oQ");
}

static void running_hash_equals_the_whole_however_it_is_cut(void **state)
{
    (void)state;
    static const char text[] = "a row of an upload, and another";
    struct span whole = SPAN("a row of an upload, and another");
    char expected[DIGEST_ID_LEN + 1], id[DIGEST_ID_LEN + 1];
    digest_bytes(expected, whole);
    for (size_t cut = 0; cut <= whole.len; cut++) {
        struct digest *digest = digest_new();
        digest_add(digest, span_from(text, cut));
        digest_bytes(id, SPAN("something else in between"));
        digest_add(digest, span_from(text + cut, whole.len - cut));
        digest_finish(digest, id);
        assert_string_equal(id, expected);
    }
}

static void writes_eight_bytes_as_hex(void **state)
{
    (void)state;
    char hex[17];
    digest_hex16(hex, SPAN("{}"));
    assert_string_equal(hex, "44136fa355b3678a");
}

/* RFC 4231: the short key, the key of a block's length and more, the text in parts. */
static void macs_as_the_standard_says(void **state)
{
    static const struct {
        const char *key, *text, *mac;
    } cases[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
         "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };
    char hex[DIGEST_HEX + 1], long_key[131];
    unsigned char mac[DIGEST_BYTES];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct span text = span_of(cases[i].text);
        struct span parts[] = {span_from(text.at, 3), SPAN_NONE,
                               span_from(text.at + 3, text.len - 3)};
        digest_hmac(mac, span_of(cases[i].key), parts, ARRAY_LENGTH(parts));
        digest_write_hex(hex, mac, sizeof mac);
        assert_string_equal(hex, cases[i].mac);
    }
    memset(long_key, 0xaa, sizeof long_key);
    struct span text = SPAN("Test Using Larger Than Block-Size Key - Hash Key First");
    digest_hmac(mac, span_from(long_key, sizeof long_key), &text, 1);
    digest_write_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* Any key and any text give what the library's own HMAC gives. */
static void macs_as_the_library_does(void **state)
{
    char bytes[400];
    unsigned char mac[DIGEST_BYTES], theirs[DIGEST_BYTES];
    (void)state;
    srand(20261125);
    for (int turn = 0; turn < 2000; turn++) {
        size_t key = (size_t)rand() % 150, len = (size_t)rand() % 250;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)rand();
        struct span text = span_from(bytes + 150, len);
        unsigned n = 0;
        digest_hmac(mac, span_from(bytes, key), &text, 1);
        HMAC(EVP_sha256(), bytes, (int)key, (const unsigned char *)text.at, len, theirs, &n);
        assert_int_equal(n, sizeof mac);
        assert_memory_equal(mac, theirs, sizeof mac);
    }
}

static void reads_the_hex_it_writes_and_no_other(void **state)
{
    unsigned char bytes[4] = {0, 0x9f, 0xf9, 0xff}, back[4];
    char hex[9];
    (void)state;
    digest_write_hex(hex, bytes, sizeof bytes);
    assert_string_equal(hex, "009ff9ff");
    assert_true(digest_read_hex(back, sizeof back, span_of(hex)));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_false(digest_read_hex(back, sizeof back, SPAN("009ff9f")));
    assert_false(digest_read_hex(back, sizeof back, SPAN("009ff9ff0")));
    assert_false(digest_read_hex(back, sizeof back, SPAN("009FF9FF")));
    assert_false(digest_read_hex(back, sizeof back, SPAN("009ff9fg")));
    assert_false(digest_read_hex(back, sizeof back, SPAN_NONE));
}

static void makes_ids_without_allocating(void **state)
{
    (void)state;
    char id[DIGEST_ID_LEN + 1], hex[17];
    unsigned char mac[DIGEST_BYTES];
    OPENSSL_free(OPENSSL_malloc(1));
    assert_true(allocations > 0); /* the counter is in its place */
    size_t before = allocations;
    for (int i = 0; i < 1000; i++) {
        digest_id(id, (const struct span[]){SPAN("request:12345"), SPAN("opened")}, 2);
        digest_bytes(id, SPAN("bytes"));
        digest_hex16(hex, SPAN("bytes"));
        digest_hmac(mac, SPAN("key"), &(struct span){"bytes", 5}, 1);
    }
    assert_int_equal(allocations, before);
}

static void compares_whole_credentials(void **state)
{
    (void)state;
    assert_true(digest_equal(SPAN("token"), SPAN("token")));
    assert_true(digest_equal(SPAN(""), SPAN_NONE));
    assert_false(digest_equal(SPAN("token"), SPAN("tokem")));
    assert_false(digest_equal(SPAN("token"), SPAN("toke")));
    assert_false(digest_equal(SPAN("token"), SPAN("tokens")));
}

static void *hash_many(void *wrong)
{
    for (int i = 0; i < 2000; i++) {
        char id[DIGEST_ID_LEN + 1];
        digest_bytes(id, SPAN("abc"));
        *(int *)wrong += strcmp(id, "ungWv48Bz-pBQUDeXa4iIw") != 0;
    }
    return NULL;
}

static void threads_do_not_share_a_hash(void **state)
{
    (void)state;
    pthread_t threads[4];
    int wrong[ARRAY_LENGTH(threads)] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &wrong[i]), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

/* Fields of every length around what is laid out at once, against the same bytes hashed whole. */
static void an_id_does_not_depend_on_how_its_fields_are_laid_out(void **state)
{
    (void)state;
    char field[600], whole[1300], id[DIGEST_ID_LEN + 1], expected[DIGEST_ID_LEN + 1];
    memset(field, 'x', sizeof field);
    for (size_t a = 0; a < sizeof field; a++) {
        const size_t lens[] = {a, 600 - a};
        size_t used = 3;
        memcpy(whole, "cb1", 3);
        for (size_t i = 0; i < 2; i++) {
            const char prefix[4] = {0, 0, (char)(lens[i] >> 8), (char)lens[i]};
            memcpy(whole + used, prefix, 4);
            memcpy(whole + used + 4, field, lens[i]);
            used += 4 + lens[i];
        }
        digest_bytes(expected, span_from(whole, used));
        digest_id(id, (const struct span[]){span_from(field, a), span_from(field, 600 - a)}, 2);
        assert_string_equal(id, expected);
    }
}

int main(void)
{
    /* Before libcrypto's first allocation, or it refuses. */
    if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_does_not_depend_on_how_its_fields_are_laid_out),
        cmocka_unit_test(hashes_bytes_into_22_characters),
        cmocka_unit_test(frames_each_field_of_an_id_by_its_length),
        cmocka_unit_test(running_hash_equals_the_whole_however_it_is_cut),
        cmocka_unit_test(writes_eight_bytes_as_hex),
        cmocka_unit_test(macs_as_the_standard_says),
        cmocka_unit_test(macs_as_the_library_does),
        cmocka_unit_test(reads_the_hex_it_writes_and_no_other),
        cmocka_unit_test(makes_ids_without_allocating),
        cmocka_unit_test(compares_whole_credentials),
        cmocka_unit_test(threads_do_not_share_a_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
