/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/admit.h"

#define TIME_S 1764086400
#define NOW    (TIME_S * INT64_C(1000))
#define KEY_A  "a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B  "b00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const unsigned char seed[REPLAY_TABLE_SEED] = "not by chance 2";

static struct {
    struct station_keys *keys;
    struct replay_table *replays;
    struct strbuf text, header;
} here;

static int open_all(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/admit_%d.csv", (int)getpid());
    FILE *file = fopen(path, "w");
    fputs("st001,old,feed,hotline;visits,source," KEY_A "\nst001,new,feed,hotline,source," KEY_B
          "\nst002,k,feed,hotline,source," KEY_B "\ndesk,k,unit,desk,desk," KEY_A "\n",
          file);
    fclose(file);
    chmod(path, 0600);
    here.keys = station_keys_load(path, diagnostics);
    unlink(path);
    here.replays = replay_table_new(REPLAY_TABLE_LEAST, seed);
    strbuf_init(&here.text, 512, SIGNATURE_TEXT_MAX);
    strbuf_init(&here.header, 512, 1024);
    diagnostics_free(diagnostics);
    return here.keys ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    station_keys_free(here.keys);
    replay_table_free(here.replays);
    strbuf_fini(&here.text);
    strbuf_fini(&here.header);
    return 0;
}

/* What a sender puts together; a test changes one thing. */
struct letter {
    const char *station, *key, *secret;
    int message;
    int64_t time_s;
    const char *name; /* the feed it goes to */
    char body[32], time[16], id[32];
    struct admit_question question;
};

static struct letter letter_of(int message)
{
    struct letter letter = {.station = "st001",
                            .key = "old",
                            .secret = KEY_A,
                            .message = message,
                            .time_s = TIME_S,
                            .name = "hotline"};
    snprintf(letter.body, sizeof letter.body, "{\"n\":%d}", message);
    return letter;
}

static void sign(struct letter *letter)
{
    unsigned char secret[SIGNATURE_SECRET];
    assert_true(digest_read_hex(secret, sizeof secret, span_of(letter->secret)));
    snprintf(letter->time, sizeof letter->time, "%lld", (long long)letter->time_s);
    snprintf(letter->id, sizeof letter->id, "message-%09d", letter->message);
    struct signature signature = {.station = span_of(letter->station),
                                  .key = span_of(letter->key),
                                  .time = span_of(letter->time),
                                  .message = span_of(letter->id)};
    letter->question = (struct admit_question){.request = {.method = SPAN("POST"),
                                                           .target = SPAN("/v1/feeds/hotline"),
                                                           .body = span_of(letter->body)},
                                               .kind = PRINCIPAL_FEED,
                                               .name = span_of(letter->name),
                                               .now_ms = NOW};
    assert_true(signature_text(&here.text, &signature, &letter->question.request));
    signature_mac(signature.mac, strbuf_span(&here.text), secret);
    strbuf_reset(&here.header);
    signature_write(&here.header, &signature);
    letter->question.authorization = strbuf_span(&here.header);
}

static enum admit arrive(const struct letter *letter, struct admit_answer *answer)
{
    return admit_signed(here.keys, here.replays, &here.text, &letter->question, answer);
}

static void check(struct letter *letter, enum admit expected)
{
    struct admit_answer answer;
    size_t before = replay_table_count(here.replays);
    sign(letter);
    assert_string_equal(admit_name(arrive(letter, &answer)), admit_name(expected));
    assert_int_equal(replay_table_count(here.replays) - before, expected == ADMIT_YES);
    if (expected == ADMIT_UNKNOWN || expected == ADMIT_FORGED)
        assert_null(answer.key);
}

static void both_keys_of_a_station_open_and_say_who_it_is(void **state)
{
    struct letter letter = letter_of(1);
    struct admit_answer answer;
    (void)state;
    sign(&letter);
    assert_int_equal(arrive(&letter, &answer), ADMIT_YES);
    assert_true(span_is(answer.key->principal.station, "st001"));
    assert_true(span_is(answer.key->principal.party, "source"));
    letter = letter_of(2);
    letter.key = "new";
    letter.secret = KEY_B;
    check(&letter, ADMIT_YES);
}

static void each_fault_has_its_name_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct letter letter = letter_of(10);
    letter.secret = KEY_B; /* another key's secret */
    check(&letter, ADMIT_FORGED);
    letter = letter_of(10);
    letter.station = "st003";
    check(&letter, ADMIT_UNKNOWN);
    letter = letter_of(10);
    letter.key = "k";
    check(&letter, ADMIT_UNKNOWN);
    letter = letter_of(10);
    letter.secret = "0000000000000000000000000000000000000000000000000000000000000000";
    letter.station = "st003"; /* the key that unknown ones are compared with opens nothing */
    check(&letter, ADMIT_UNKNOWN);
    letter = letter_of(10);
    letter.name = "status";
    check(&letter, ADMIT_FOREIGN);
    letter = letter_of(10);
    letter.key = "new"; /* speaks for fewer feeds than the old one */
    letter.secret = KEY_B;
    letter.name = "visits";
    check(&letter, ADMIT_FOREIGN);
    letter = letter_of(10);
    letter.station = letter.key = "desk"; /* a unit's key */
    letter.key = "k";
    check(&letter, ADMIT_FOREIGN);
    letter = letter_of(10);
    letter.time_s = TIME_S - 301;
    check(&letter, ADMIT_EXPIRED);
    letter.time_s = TIME_S + 301;
    check(&letter, ADMIT_EXPIRED);
    letter.time_s = TIME_S + 300;
    check(&letter, ADMIT_YES);
    check(&letter, ADMIT_REPLAYED);
    letter.time_s = TIME_S; /* the message counts, whenever it says it was signed */
    letter.key = "new";
    letter.secret = KEY_B;
    check(&letter, ADMIT_REPLAYED);
    letter.station = "st002"; /* another station's message is another message */
    letter.key = "k";
    check(&letter, ADMIT_YES);
}

static void what_is_sent_is_what_was_signed(void **state)
{
    struct letter letter = letter_of(20);
    struct admit_answer answer;
    struct signed_header header = {SPAN("Citybrain-Replay"), SPAN("backfill")};
    (void)state;
    sign(&letter);
    letter.body[5] ^= 1;
    assert_int_equal(arrive(&letter, &answer), ADMIT_FORGED);
    letter.body[5] ^= 1;
    letter.question.request.target = SPAN("/v1/feeds/hotline/check");
    assert_int_equal(arrive(&letter, &answer), ADMIT_FORGED);
    letter.question.request.target = SPAN("/v1/feeds/hotline");
    letter.question.request.method = SPAN("PUT");
    assert_int_equal(arrive(&letter, &answer), ADMIT_FORGED);
    letter.question.request.method = SPAN("POST");
    letter.question.request.headers = &header;
    letter.question.request.header_count = 1;
    assert_int_equal(arrive(&letter, &answer), ADMIT_FORGED);
    letter.question.request.header_count = SIGNATURE_HEADERS_MAX + 1;
    assert_int_equal(arrive(&letter, &answer), ADMIT_MALFORMED);
    letter.question.request.header_count = 0;
    assert_int_equal(arrive(&letter, &answer), ADMIT_YES);
}

static void no_header_and_any_other_header_have_names_too(void **state)
{
    struct letter letter = letter_of(30);
    struct admit_answer answer;
    (void)state;
    sign(&letter);
    letter.question.authorization = SPAN_NONE;
    assert_int_equal(arrive(&letter, &answer), ADMIT_NOBODY);
    letter.question.authorization = SPAN("Basic YTpi");
    assert_int_equal(arrive(&letter, &answer), ADMIT_MALFORMED);
    assert_null(answer.said.station.at);
}

/* 100,000 letters with one thing changed by lot: none is let in that was not signed so. */
static void nothing_forged_is_let_in(void **state)
{
    int admitted = 0;
    (void)state;
    srand(3);
    for (int n = 0; n < 100000; n++) {
        struct letter letter = letter_of(100 + n);
        struct admit_answer answer;
        char changed[512];
        sign(&letter);
        struct span said = letter.question.authorization;
        memcpy(changed, said.at, said.len);
        size_t at = 15 + (size_t)rand() % (said.len - 15);
        changed[at] = (char)(changed[at] ^ (1 + rand() % 255));
        letter.question.authorization = span_from(changed, said.len);
        admitted += arrive(&letter, &answer) == ADMIT_YES;
    }
    assert_int_equal(admitted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_keys_of_a_station_open_and_say_who_it_is),
        cmocka_unit_test(each_fault_has_its_name_and_leaves_nothing_behind),
        cmocka_unit_test(what_is_sent_is_what_was_signed),
        cmocka_unit_test(no_header_and_any_other_header_have_names_too),
        cmocka_unit_test(nothing_forged_is_let_in),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
