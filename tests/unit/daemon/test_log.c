/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/utf8.h"
#include "capture.h"
#include "daemon/log.h"

static char text[1 << 17];

/* The end of a JSON string that begins at `at`, or NULL. */
static const char *skip_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && !strchr("\"\\/bfnrtu", at[1]))
            return NULL;
        if (*at == '\\' && at[1] == 'u' && strspn(at + 2, "0123456789abcdef") < 4)
            return NULL;
        at += *at == '\\' ? 2 : 1;
    }
    return at + 1;
}

static const char *skip_value(const char *at)
{
    static const char *const words[] = {"null", "true", "false"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    size_t digits = strspn(at + (*at == '-'), "0123456789");
    return digits ? at + (*at == '-') + digits : skip_string(at);
}

/* One flat JSON object and a line feed, in valid UTF-8. */
static bool is_log_line(const char *line)
{
    const char *at = line;
    if (!utf8_is_valid(span_of(line)) || *at++ != '{')
        return false;
    while ((at = skip_string(at)) && *at == ':' && (at = skip_value(at + 1)) && *at == ',')
        at++;
    return at && strcmp(at, "}\n") == 0;
}

#define CAPTURED(call)                                                                             \
    (capture_start(&capture, STDERR_FILENO), (call), capture_stop(&capture, text, sizeof text))
static struct capture capture;

static int open_log(void **state)
{
    (void)state;
    log_open("test", LOG_LEVEL_INFO);
    return 0;
}

static void writes_one_object_with_typed_fields(void **state)
{
    (void)state;
    CAPTURED(log_info("room.typed", LOG_STR("s", "a"), LOG_SPAN("p", SPAN("bc")), LOG_INT("n", -7),
                      LOG_BOOL("y", true), LOG_BOOL("z", false), LOG_STR("none", NULL),
                      LOG_SPAN("absent", SPAN_NONE), LOG_SPAN("empty", SPAN(""))));
    assert_true(is_log_line(text));
    assert_memory_equal(text, "{\"ts\":\"20", 9);
    assert_non_null(strstr(text,
                           "Z\",\"level\":\"info\",\"service\":\"test\",\"event\":\"room.typed\","
                           "\"s\":\"a\",\"p\":\"bc\",\"n\":-7,\"y\":true,\"z\":false,"
                           "\"none\":null,\"absent\":null,\"empty\":\"\"}\n"));
}

static void escapes_controls_and_replaces_what_is_not_utf8(void **state)
{
    (void)state;
    CAPTURED(log_info("room.escape", LOG_STR("s", "q\"b\\n\nt\tx\x01 中 \xff\xe4\xb8"),
                      LOG_SPAN("nul", span_from("a\0b", 3))));
    assert_true(is_log_line(text));
    assert_non_null(
        strstr(text, "\"q\\\"b\\\\n\\u000at\\u0009x\\u0001 中 \xef\xbf\xbd\xef\xbf\xbd"));
    assert_non_null(strstr(text, "\"nul\":\"a\\u0000b\""));
}

static void stays_one_valid_line_however_long_the_fields(void **state)
{
    static char fill[3000];
    struct log_field fields[80];
    (void)state;
    for (size_t len = 1800; len < 2100; len++) {
        for (size_t i = 0; i + 3 <= len; i += 3)
            memcpy(fill + i, "中", 3);
        size_t wrote = CAPTURED(log_error("room.long", LOG_SPAN("s", span_from(fill, len / 3 * 3)),
                                          LOG_INT("after", 123456789), LOG_STR("t", "\n\n\n")));
        assert_in_range(wrote, 1000, 2048);
        assert_true(is_log_line(text));
    }
    assert_non_null(strstr(text, "\"cut\":true"));
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        fields[i] = i % 2
                        ? LOG_STR("a_name_of_some_length", "a value of some length, quoted \"so\"")
                        : LOG_INT("number", i);
    fields[ARRAY_LENGTH(fields) - 1] = LOG_END;
    CAPTURED(log_write(LOG_LEVEL_ERROR, "room.many", fields));
    assert_true(is_log_line(text));
    assert_in_range(strlen(text), 1000, 2048);
    assert_non_null(strstr(text, "\"cut\":true}\n"));
}

static void leaves_out_levels_below_its_own(void **state)
{
    enum log_level level;
    (void)state;
    assert_int_equal(CAPTURED(log_debug("room.debug", LOG_INT("n", 1))), 0);
    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
    log_open("test", level);
    assert_int_equal(CAPTURED(log_warn("room.warn", LOG_INT("n", 1))), 0);
    log_open("test", LOG_LEVEL_DEBUG);
    assert_int_not_equal(CAPTURED(log_debug("room.debug", LOG_INT("n", 1))), 0);
    assert_false(log_level_parse("loud", &level));
}

static int64_t count_lines(int64_t *suppressed)
{
    int64_t lines = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *at = strstr(line, "\"suppressed\":");
        *suppressed += at ? strtoll(at + 13, NULL, 10) : 0;
        lines++;
    }
    return lines;
}

static void log_many(int n)
{
    for (int i = 0; i < n; i++) {
        log_warn("room.flood", LOG_INT("i", i));
        log_error("room.flood_error", LOG_INT("i", i));
    }
}

static void limits_an_event_and_counts_what_it_left_out(void **state)
{
    struct timespec pause = {.tv_sec = 1, .tv_nsec = 1000000};
    int64_t suppressed = 0, lines;
    (void)state;
    CAPTURED(log_many(100));
    lines = count_lines(&suppressed) - 100; /* errors are never limited */
    assert_in_range(lines, 20, 40);         /* a second may begin in between */
    nanosleep(&pause, NULL);
    CAPTURED(log_warn("room.flood", LOG_INT("i", 0)));
    lines += count_lines(&suppressed);
    assert_int_equal(lines + suppressed, 101);
    CAPTURED(log_warn("room.flood", LOG_INT("i", 0)));
    assert_null(strstr(text, "suppressed"));
    CAPTURED(log_warn("room.other", LOG_INT("i", 0)));
    assert_true(is_log_line(text));
}

static void audit_many(int n)
{
    for (int i = 0; i < n; i++)
        log_audit("room.refused", LOG_INT("i", i));
}

static void writes_every_audit_line_whatever_the_level(void **state)
{
    int64_t suppressed = 0;
    (void)state;
    log_open("test", LOG_LEVEL_ERROR);
    CAPTURED(audit_many(100));
    assert_non_null(strstr(text, "\"level\":\"audit\""));
    assert_int_equal(count_lines(&suppressed), 100);
    assert_int_equal(suppressed, 0);
}

static void leaves_errno_alone(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    errno = ENOENT;
    log_error("room.closed", LOG_INT("n", 1));
    int after = errno;
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(after, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(writes_one_object_with_typed_fields, open_log),
        cmocka_unit_test_setup(escapes_controls_and_replaces_what_is_not_utf8, open_log),
        cmocka_unit_test_setup(stays_one_valid_line_however_long_the_fields, open_log),
        cmocka_unit_test_setup(leaves_out_levels_below_its_own, open_log),
        cmocka_unit_test_setup(limits_an_event_and_counts_what_it_left_out, open_log),
        cmocka_unit_test_setup(writes_every_audit_line_whatever_the_level, open_log),
        cmocka_unit_test_setup(leaves_errno_alone, open_log),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
