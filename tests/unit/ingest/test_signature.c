/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/signature.h"

#define TIME_S 1764086400

static unsigned char secret[SIGNATURE_SECRET];

static struct signature of_sender(void)
{
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)i;
    return (struct signature){.station = SPAN("st001"),
                              .key = SPAN("k1"),
                              .time = SPAN("1764086400"),
                              .message = SPAN("0123456789abcdef"),
                              .time_s = TIME_S};
}

static const struct signed_request order = {SPAN("POST"), SPAN("/v1/feeds/hotline?x=%E4%B8%80"),
                                            SPAN("{\"工单编号\":\"N1\"}\n"), NULL, 0};
static struct strbuf text;

static void make_mac(unsigned char mac[DIGEST_BYTES], const struct signature *signature,
                     const struct signed_request *request, const unsigned char *key)
{
    assert_true(signature_text(&text, signature, request));
    signature_mac(mac, strbuf_span(&text), key);
}

static void check_mac(const struct signed_request *request, const char *expected)
{
    struct signature signature = of_sender();
    char hex[DIGEST_HEX + 1];
    unsigned char mac[DIGEST_BYTES];
    make_mac(mac, &signature, request, secret);
    digest_write_hex(hex, mac, sizeof mac);
    assert_string_equal(hex, expected);
}

/* Expected values by Python's hmac and hashlib. */
static void signs_as_the_written_form_says(void **state)
{
    struct signed_request empty = order;
    (void)state;
    check_mac(&order, "9fda805935bc6f6c14706ce56548f57939f62d87c08828095099c28b40368095");
    empty.body = SPAN("");
    check_mac(&empty, "1eb03e365752748f72948371deacd95c7382e6db16ff559456b3bd2c87640986");
    empty.body = SPAN_NONE;
    check_mac(&empty, "1eb03e365752748f72948371deacd95c7382e6db16ff559456b3bd2c87640986");
}

static void every_part_is_signed(void **state)
{
    struct signature signature = of_sender(), other;
    struct signed_request request = order;
    unsigned char mac[DIGEST_BYTES], changed[8][DIGEST_BYTES], key[SIGNATURE_SECRET];
    (void)state;
    make_mac(mac, &signature, &order, secret);
    struct span *parts[] = {&other.station,  &other.key,      &other.time,  &other.message,
                            &request.method, &request.target, &request.body};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        other = signature;
        request = order;
        *parts[i] = SPAN("x");
        make_mac(changed[i], &other, &request, secret);
    }
    memcpy(key, secret, sizeof key);
    key[31] ^= 1;
    make_mac(changed[7], &signature, &order, key);
    for (size_t i = 0; i < 8; i++) {
        assert_memory_not_equal(changed[i], mac, sizeof mac);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(changed[i], changed[j], sizeof mac);
    }
}

/* Headers that change what an upload means are signed, in whatever order and case they come. */
static void headers_of_ours_are_signed(void **state)
{
    struct signed_header headers[] = {{SPAN("Citybrain-Upload"), SPAN("h")},
                                      {SPAN("ce-type"), SPAN("b")},
                                      {SPAN("CE-Id"), SPAN(" 1\t")},
                                      {SPAN("ce-type"), SPAN("a")}};
    struct signature signature = of_sender();
    struct signed_request request = order;
    (void)state;
    request.headers = headers;
    request.header_count = ARRAY_LENGTH(headers);
    assert_true(signature_text(&text, &signature, &request));
    assert_string_equal(text.at, "v1\nPOST\n/v1/feeds/hotline?x=%E4%B8%80\nst001\nk1\n1764086400\n"
                                 "0123456789abcdef\n"
                                 "9354828930a6b67ad88557f22baf0f27cbf7f80d2d400ddfe9457c0dfb681ce7"
                                 "\nce-id:1\nce-type:b\nce-type:a\ncitybrain-upload:h");
    assert_true(signature_covers(SPAN("Citybrain-Replay")) && signature_covers(SPAN("ce-time")));
    assert_false(signature_covers(SPAN("Content-Type")) || signature_covers(SPAN("ce")));
    request.header_count = SIGNATURE_HEADERS_MAX + 1;
    assert_false(signature_text(&text, &signature, &request));
}

static void a_text_too_long_is_not_signed(void **state)
{
    static char value[SIGNATURE_TEXT_MAX];
    struct signature signature = of_sender();
    struct signed_request request = order;
    (void)state;
    memset(value, 'a', sizeof value);
    request.headers =
        &(struct signed_header){SPAN("ce-id"), span_from(value, SIGNATURE_TEXT_MAX - 300)};
    request.header_count = 1;
    assert_true(signature_text(&text, &signature, &request));
    request.headers = &(struct signed_header){SPAN("ce-id"), span_from(value, sizeof value)};
    assert_false(signature_text(&text, &signature, &request));
}

static struct span write(struct strbuf *out, struct signature *signature)
{
    make_mac(signature->mac, signature, &order, secret);
    strbuf_reset(out);
    signature_write(out, signature);
    return strbuf_span(out);
}

static void reads_what_it_writes_and_nothing_shorter(void **state)
{
    struct signature signature = of_sender(), back;
    struct strbuf out;
    (void)state;
    strbuf_init(&out, 256, 1024);
    struct span said = write(&out, &signature);
    assert_true(signature_read(&back, said));
    assert_true(span_equal(back.station, signature.station));
    assert_true(span_equal(back.key, signature.key));
    assert_true(span_equal(back.message, signature.message));
    assert_int_equal(back.time_s, TIME_S);
    assert_memory_equal(back.mac, signature.mac, sizeof back.mac);
    for (size_t len = 0; len < said.len; len++)
        assert_false(signature_read(&back, span_from(said.at, len)));
    assert_false(signature_read(&back, SPAN_NONE));
    strbuf_fini(&out);
}

#define MAC "3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a"
#define GOOD                                                                                       \
    "Citybrain-HMAC station=a,key=b,time=1764086400,message=0123456789abcdef,signature=" MAC

static void refuses_what_is_not_of_the_form(void **state)
{
    static const char *const wrong[] = {
        "Bearer demo-hotline",
        "citybrain-hmac" /* the scheme's own case */,
        GOOD ",station=a",
        GOOD ",",
        GOOD ",more=1",
        GOOD "0",
        "Citybrain-HMAC station=a,key=b,time=1764086400,message=0123456789abcdef",
        "Citybrain-HMAC station=,key=b,time=1764086400,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a b,key=b,time=1764086400,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a\n,key=b,time=1764086400,message=0123456789abcde\x01,"
        "signature=" MAC,
        "Citybrain-HMAC station=站,key=b,time=1764086400,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=1764086400,message=short,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=-1,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=+1,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=01764086400,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=0,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=9999999999999,message=0123456789abcdef,"
        "signature=" MAC,
        "Citybrain-HMAC station=a,key=b,time=1e9,message=0123456789abcdef,signature=" MAC,
        "Citybrain-HMAC a,b,1764086400,0123456789abcdef," MAC,
    };
    struct signature signature;
    (void)state;
    assert_true(signature_read(&signature, SPAN(GOOD)));
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        if (signature_read(&signature, span_of(wrong[i])))
            fail_msg("read: %s", wrong[i]);
}

/* Any one bit of a header turned: it is not read, or it says something else. */
static void no_bit_of_a_header_can_be_turned_unseen(void **state)
{
    struct signature signature = of_sender(), back;
    unsigned char mac[DIGEST_BYTES];
    struct strbuf out;
    (void)state;
    strbuf_init(&out, 256, 1024);
    struct span said = write(&out, &signature);
    for (size_t bit = 0; bit < 8 * said.len; bit++) {
        char turned[512];
        memcpy(turned, said.at, said.len);
        turned[bit / 8] = (char)(turned[bit / 8] ^ (1 << bit % 8));
        if (!signature_read(&back, span_from(turned, said.len)))
            continue;
        make_mac(mac, &back, &order, secret);
        assert_memory_not_equal(mac, back.mac, sizeof mac);
    }
    strbuf_fini(&out);
}

static void the_window_is_300_seconds_to_both_sides(void **state)
{
    const int64_t at = TIME_S * INT64_C(1000);
    struct signature signature = of_sender();
    (void)state;
    assert_true(signature_is_timely(&signature, at));
    assert_true(signature_is_timely(&signature, at + 300000));
    assert_false(signature_is_timely(&signature, at + 300001));
    assert_true(signature_is_timely(&signature, at - 300000));
    assert_false(signature_is_timely(&signature, at - 300001));
    signature.time_s = 999999999999; /* the greatest that is read */
    assert_false(signature_is_timely(&signature, at));
    signature.time_s = 1;
    assert_false(signature_is_timely(&signature, at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_written_form_says),
        cmocka_unit_test(every_part_is_signed),
        cmocka_unit_test(headers_of_ours_are_signed),
        cmocka_unit_test(a_text_too_long_is_not_signed),
        cmocka_unit_test(reads_what_it_writes_and_nothing_shorter),
        cmocka_unit_test(refuses_what_is_not_of_the_form),
        cmocka_unit_test(no_bit_of_a_header_can_be_turned_unseen),
        cmocka_unit_test(the_window_is_300_seconds_to_both_sides),
    };
    strbuf_init(&text, 512, SIGNATURE_TEXT_MAX);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
