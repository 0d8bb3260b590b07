/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "config/schema.h"

struct config {
    const char *brokers;
    int64_t slot, timeout_ms, max_bytes;
    bool local;
    int level;
    const char *password;
};

static const char *const levels[] = {"error", "warn", "info", NULL};
static const char *const free_sections[] = {"rdkafka", NULL};

#define AT(field) offsetof(struct config, field)

static const struct setting table[] = {
    {"kafka.brokers", SETTING_TEXT, AT(brokers), NULL, 0, 0, NULL, "TEST_SCHEMA_BROKERS",
     "host:port"},
    {"kafka.slot", SETTING_INT, AT(slot), "1", 1, 99, NULL, "TEST_SCHEMA_SLOT", "number"},
    {"kafka.timeout", SETTING_DURATION, AT(timeout_ms), "10s", 250, 60000, NULL, NULL, "wait"},
    {"door.max_upload", SETTING_SIZE, AT(max_bytes), "8MiB", 1024, 1 << 30, NULL, NULL, "bytes"},
    {"door.local", SETTING_BOOL, AT(local), "false", 0, 0, NULL, NULL, "yes or no"},
    {"level", SETTING_ENUM, AT(level), "info", 0, 0, levels, NULL, "least level"},
    {"door.password", SETTING_TEXT, AT(password), "", 0, 0, NULL, NULL, "of the door"},
};

static struct diagnostics *d;
static struct config config;
static struct settings *settings;
static struct strbuf buf;
static char file[32];

static int set_up(void **state)
{
    (void)state;
    d = diagnostics_new();
    memset(&config, 0, sizeof(config));
    settings = NULL;
    strbuf_init(&buf, 256, 65536);
    unsetenv("TEST_SCHEMA_BROKERS");
    unsetenv("TEST_SCHEMA_SLOT");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    settings_free(settings);
    diagnostics_free(d);
    strbuf_fini(&buf);
    return 0;
}

static void collect(void *context, const char *line)
{
    strbuf_addf(context, "%s\n", line);
}

static const char *findings(void)
{
    strbuf_reset(&buf);
    diagnostics_each(d, collect, &buf);
    return buf.at;
}

/* Loads a text as a file of a name that differs from run to run. */
static bool load(const char *text, const char *const *overrides, size_t count)
{
    strcpy(file, "/tmp/test_schema_XXXXXX");
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    settings = settings_load(file, table, ARRAY_LENGTH(table), free_sections, overrides, count,
                             &config, d);
    unlink(file);
    return settings != NULL;
}

/* A pattern that begins with a colon follows the name of the file. */
static void assert_found(const char *pattern)
{
    char expected[600];
    snprintf(expected, sizeof(expected), "%s%s", pattern[0] == ':' ? file : "", pattern);
    if (strstr(findings(), expected) == NULL)
        fail_msg("no \"%s\" in %s", expected, findings());
}

static void takes_the_file_then_the_defaults(void **state)
{
    (void)state;
    assert_true(load("kafka:\n  brokers: 'a:1,b:2'\n  timeout: 15s\nlevel: warn\n"
                     "door:\n  local: true\n  max_upload: 16KiB\n",
                     NULL, 0));
    assert_string_equal(findings(), "");
    assert_string_equal(config.brokers, "a:1,b:2");
    assert_int_equal(config.slot, 1);
    assert_int_equal(config.timeout_ms, 15000);
    assert_int_equal(config.max_bytes, 16384);
    assert_true(config.local);
    assert_int_equal(config.level, 1);
    assert_string_equal(config.password, "");
}

static void override_beats_environment_beats_file(void **state)
{
    (void)state;
    static const char *const overrides[] = {"kafka.slot=7", "kafka.slot=8", "level=error"};
    setenv("TEST_SCHEMA_BROKERS", "env:1", 1);
    setenv("TEST_SCHEMA_SLOT", "5", 1);
    assert_true(load("kafka: {brokers: 'file:1', slot: 2}\n", overrides, 3));
    assert_string_equal(config.brokers, "env:1");
    assert_int_equal(config.slot, 8);
    assert_int_equal(config.level, 0);

    settings_free(settings);
    setenv("TEST_SCHEMA_BROKERS", "", 1); /* set to nothing is not set */
    assert_true(load("kafka: {brokers: 'file:1', slot: 2}\n", NULL, 0));
    assert_string_equal(config.brokers, "file:1");
    assert_int_equal(config.slot, 5);
}

static void works_without_a_file(void **state)
{
    (void)state;
    static const char *const overrides[] = {"kafka.brokers=a=b:1"};
    settings = settings_load(NULL, table, ARRAY_LENGTH(table), NULL, overrides, 1, &config, d);
    assert_non_null(settings);
    assert_string_equal(config.brokers, "a=b:1");
    assert_int_equal(config.max_bytes, 8 << 20);
    assert_null(settings_section(settings, "rdkafka"));
}

static void names_what_is_required(void **state)
{
    (void)state;
    assert_false(load("level: info\n", NULL, 0));
    assert_found(": error: kafka.brokers is required: host:port; fix: under kafka: add "
                 "`brokers: ...` or set TEST_SCHEMA_BROKERS");
}

static void names_unknown_keys_at_their_place(void **state)
{
    (void)state;
    assert_false(
        load("kafka:\n  brokers: x\n  timeuot: 1s\nkafak: {}\nlevel: info\nzzz: 1\n", NULL, 0));
    assert_found(":3:3: error: unknown key timeuot; fix: did you mean timeout?");
    assert_found(":4:1: error: unknown key kafak; fix: did you mean kafka?");
    assert_found(":6:1: error: unknown key zzz; fix: remove it");
    assert_int_equal(diagnostics_errors(d), 3);
}

static void names_unknown_overrides(void **state)
{
    (void)state;
    static const char *const overrides[] = {"kafka.slto=3", "kafka.slot", "nothing.known=1"};
    assert_false(load("kafka: {brokers: x}\n", overrides, 3));
    assert_found("--set: error: unknown setting kafka.slto; fix: did you mean kafka.slot");
    assert_found("--set: error: no value in kafka.slot; fix: write section.key=value");
    assert_found("--set: error: unknown setting nothing.known; fix: see --print-config");
}

static void says_the_origin_of_a_bad_value(void **state)
{
    (void)state;
    static const char *const overrides[] = {"kafka.timeout=1ms", "level=loud"};
    setenv("TEST_SCHEMA_SLOT", "100", 1);
    assert_false(load("kafka:\n  brokers: x\ndoor:\n  max_upload: 8MB\n  local: yes\n"
                      "  password: [a]\n",
                      overrides, 2));
    assert_found("environment TEST_SCHEMA_SLOT: error: kafka.slot cannot be \"100\"; fix: write a "
                 "whole number, from 1 to 99");
    assert_found("--set: error: kafka.timeout cannot be \"1ms\"; fix: write a duration as 250ms, "
                 "30s, 15m, 24h or 7d, from 250ms to 1m");
    assert_found("--set: error: level cannot be \"loud\"; fix: write one of error, warn, info");
    assert_found(":4:15: error: door.max_upload cannot be \"8MB\"; fix: write a size as 512B, "
                 "16KiB or 8MiB, from 1KiB to 1GiB");
    assert_found(":5:10: error: door.local cannot be \"yes\"; fix: write true or false");
    assert_found(":6:13: error: password must be one value, not a list");
    assert_int_equal(diagnostics_errors(d), 6);
}

static void reads_sizes_with_their_units(void **state)
{
    (void)state;
    static const struct {
        const char *override;
        int64_t bytes;
    } rows[] = {{"door.max_upload=2048", 2048},    {"door.max_upload=2048B", 2048},
                {"door.max_upload=3KiB", 3072},    {"door.max_upload=2MiB", 2 << 20},
                {"door.max_upload=1GiB", 1 << 30}, {"door.max_upload=MiB", -1},
                {"door.max_upload=1.5MiB", -1},    {"door.max_upload=8mib", -1},
                {"door.max_upload=-1KiB", -1},     {"door.max_upload=9999999999999GiB", -1},
                {"door.max_upload=", -1}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool ok = load("kafka: {brokers: x}\n", &rows[i].override, 1);
        assert_int_equal(ok, rows[i].bytes >= 0);
        if (ok)
            assert_int_equal(config.max_bytes, rows[i].bytes);
        settings_free(settings);
    }
    settings = NULL;
}

static void gives_free_sections_as_they_are(void **state)
{
    (void)state;
    assert_true(load("kafka: {brokers: x}\nrdkafka:\n  security.protocol: ssl\n", NULL, 0));
    const struct yaml_node *section = settings_section(settings, "rdkafka");
    assert_non_null(section);
    assert_string_equal(yaml_get(section, "security.protocol")->text, "ssl");
}

static void refuses_a_section_that_is_no_map(void **state)
{
    (void)state;
    assert_false(load("kafka: {brokers: x}\nrdkafka: [a]\ndoor: 5\n", NULL, 0));
    assert_found(":2:10: error: rdkafka must be a map");
    assert_found(":3:7: error: door must be a map");
}

static void a_section_may_stand_empty(void **state)
{
    (void)state;
    assert_true(load("kafka: {brokers: x}\ndoor:\n  # local: true\n", NULL, 0));
    assert_false(config.local);
}

static void does_not_read_on_when_the_file_is_broken(void **state)
{
    (void)state;
    assert_false(load("kafka: [\n", NULL, 0));
    assert_int_equal(diagnostics_errors(d), 1); /* no "is required" on top of it */
    settings =
        settings_load("/nonexistent.yaml", table, ARRAY_LENGTH(table), NULL, NULL, 0, &config, d);
    assert_null(settings);
    assert_int_equal(diagnostics_errors(d), 2);
}

static void prints_values_with_their_origins(void **state)
{
    (void)state;
    static const char *const overrides[] = {"level=warn", "door.password=open sesame"};
    setenv("TEST_SCHEMA_SLOT", "5", 1);
    assert_true(load("kafka:\n  brokers: x\n", overrides, 2));
    char expected[1000];
    snprintf(expected, sizeof(expected),
             "kafka.brokers: x  # %s:2:12; host:port\n"
             "kafka.slot: 5  # environment TEST_SCHEMA_SLOT; number\n"
             "kafka.timeout: 10s  # default; wait\n"
             "door.max_upload: 8MiB  # default; bytes\n"
             "door.local: false  # default; yes or no\n"
             "level: warn  # --set; least level\n"
             "door.password: (hidden)  # --set; of the door\n",
             file);
    strbuf_reset(&buf);
    settings_print(settings, collect, &buf);
    assert_string_equal(buf.at, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_the_file_then_the_defaults),
        TEST(override_beats_environment_beats_file),
        TEST(works_without_a_file),
        TEST(names_what_is_required),
        TEST(names_unknown_keys_at_their_place),
        TEST(names_unknown_overrides),
        TEST(says_the_origin_of_a_bad_value),
        TEST(reads_sizes_with_their_units),
        TEST(gives_free_sections_as_they_are),
        TEST(refuses_a_section_that_is_no_map),
        TEST(a_section_may_stand_empty),
        TEST(does_not_read_on_when_the_file_is_broken),
        TEST(prints_values_with_their_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
