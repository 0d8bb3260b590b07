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
#include "ingest/core/station_keys.h"

#define ONE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TWO "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char path[64];

static struct station_keys *load(const char *text, unsigned mode, struct diagnostics *diagnostics)
{
    snprintf(path, sizeof path, "/tmp/station_keys_%d.csv", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    struct station_keys *keys = station_keys_load(path, diagnostics);
    unlink(path);
    return keys;
}

static void keys_are_found_by_station_and_name(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct station_keys *keys = load("# ours\n" STATION_KEYS_HEADER "\n"
                                     "st001,k1,feed,hotline;heartbeat,source," ONE "\n\n"
                                     "st001,k2,feed,hotline,source," TWO "\n"
                                     "desk,k1,unit,desk,callback," ONE,
                                     0600, diagnostics);
    (void)state;
    assert_non_null(keys);
    assert_int_equal(station_keys_count(keys), 3);
    const struct station_key *key = station_keys_find(keys, SPAN("st001"), SPAN("k1"));
    assert_non_null(key);
    assert_int_equal(key->secret[1], 1);
    assert_true(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN("hotline")));
    assert_true(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN("heartbeat")));
    assert_false(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN("hot")));
    assert_false(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN("")));
    assert_false(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN_NONE));
    assert_false(principal_speaks_for(&key->principal, PRINCIPAL_FEED, SPAN("hotline;heartbeat")));
    assert_false(principal_speaks_for(&key->principal, PRINCIPAL_UNIT, SPAN("hotline")));
    assert_int_equal(station_keys_find(keys, SPAN("st001"), SPAN("k2"))->secret[0], 0xf0);
    key = station_keys_find(keys, SPAN("desk"), SPAN("k1"));
    assert_true(principal_speaks_for(&key->principal, PRINCIPAL_UNIT, SPAN("desk")));
    assert_true(span_is(key->principal.party, "callback"));
    assert_null(station_keys_find(keys, SPAN("desk"), SPAN("k2")));
    assert_null(station_keys_find(keys, SPAN("st00"), SPAN("k1")));
    station_keys_free(keys);
    diagnostics_free(diagnostics);
}

static void keep_first(void *context, const char *line)
{
    char *first = context;
    if (first[0] == '\0')
        snprintf(first, 256, "%s", line);
}

static void a_wrong_row_is_named_and_no_secret_is(void **state)
{
    static const struct {
        const char *rows, *says;
    } wrong[] = {
        {"st001,k1,feed,hotline,source,00\n", ":1:1: error: not five words and a secret"},
        {"st001,k1,feed,hotline," ONE "\n", ":1:1: error: not five words and a secret"},
        {"\"a\"\"b\",k1,feed,f,source," ONE "\n", ":1:1: error: not five words and a secret"},
        {"\n#\nst 1,k1,feed,hotline,source," ONE "\n", ":3:1: error: station and key are"},
        {"st001,,feed,hotline,source," ONE "\n", "station and key are"},
        {"st001,k1,door,hotline,source," ONE "\n", "the kind is feed or unit"},
        {"st001,k1,feed,,source," ONE "\n", "names and party are needed"},
        {"desk,k1,unit,desk;d_water,desk," ONE "\n", "a key speaks for one unit"},
        {"a,k1,feed,f,source," ONE "\na,k1,feed,f,source," TWO "\n", ":2:1: error: this key"},
        {"a,k1,feed,f,source," ONE "\na,k2,feed,f,source," ONE "\na,k3,feed,f,source," ONE "\n",
         ":3:1: error: a station has at most two keys"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        char first[256] = "";
        assert_null(load(wrong[i].rows, 0600, diagnostics));
        diagnostics_each(diagnostics, keep_first, first);
        if (!strstr(first, wrong[i].says))
            fail_msg("%s says %s", wrong[i].rows, first);
        assert_null(strstr(first, "0a0b0c"));
        diagnostics_free(diagnostics);
    }
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const struct {
        unsigned mode;
        bool good;
    } modes[] = {{0600, true},  {0400, true},  {0640, true},  {0440, true},
                 {0604, false}, {0660, false}, {0644, false}, {0602, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        struct station_keys *keys = load("", modes[i].mode, diagnostics);
        assert_int_equal(keys != NULL, modes[i].good);
        assert_int_equal(diagnostics_errors(diagnostics), modes[i].good ? 0 : 1);
        station_keys_free(keys);
        diagnostics_free(diagnostics);
    }
}

static void a_file_that_is_not_there_says_what_makes_one(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    char first[256] = "";
    (void)state;
    assert_null(station_keys_load("/tmp/no/such/keys.csv", diagnostics));
    diagnostics_each(diagnostics, keep_first, first);
    assert_non_null(strstr(first, "citybrain key create"));
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_by_station_and_name),
        cmocka_unit_test(a_wrong_row_is_named_and_no_secret_is),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_says_what_makes_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
