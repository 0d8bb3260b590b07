/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sysexits.h>

#include "base/base.h"
#include "capture.h"
#include "daemon/options.h"

static struct options options;
static struct error error;
static struct capture capture;
static char text[8192];

/* Words as main() gets them; getopt may move them. */
static bool read_words(const char *const *words)
{
    static char copies[48][64];
    char *argv[48];
    int argc = 0;
    for (; words[argc]; argc++) {
        snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]);
        argv[argc] = copies[argc];
    }
    argv[argc] = NULL;
    error = (struct error){0};
    capture_start(&capture, STDERR_FILENO);
    bool good = options_read(&options, argc, argv, "router", "config/router.yaml", &error);
    capture_stop(&capture, text, sizeof text);
    return good;
}

#define READ(...) read_words((const char *const[]){"citybrain-router", __VA_ARGS__, NULL})

static void runs_with_the_default_file(void **state)
{
    (void)state;
    assert_true(read_words((const char *const[]){"citybrain-router", NULL}));
    assert_int_equal(options.mode, OPTIONS_RUN);
    assert_string_equal(options.config_path, "config/router.yaml");
    assert_int_equal(options.set_count, 0);
}

static void takes_file_settings_and_slot_in_order(void **state)
{
    (void)state;
    assert_true(
        READ("--set", "kafka.prefix=t.", "-c", "x.yaml", "--slot", "3", "--set", "a.b=c=d"));
    assert_string_equal(options.config_path, "x.yaml");
    assert_int_equal(options.set_count, 3);
    assert_string_equal(options.set[0], "kafka.prefix=t.");
    assert_string_equal(options.set[1], "kafka.slot=3");
    assert_string_equal(options.set[2], "a.b=c=d");
}

static void knows_its_modes(void **state)
{
    (void)state;
    assert_true(READ("--check"));
    assert_int_equal(options.mode, OPTIONS_CHECK);
    assert_true(READ("--print-config"));
    assert_int_equal(options.mode, OPTIONS_PRINT);
}

static void refuses_words_it_does_not_know(void **state)
{
    static const char *const bad[] = {"--sett",     "-x",        "word",    "--config",
                                      "--slot=-1",  "--slot=a",  "--set=a", "--set=a=b.c",
                                      "--set=.b=c", "--set=a.=c"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_false(READ(bad[i]));
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_int_equal(error.code, EX_USAGE);
        assert_int_not_equal(strlen(error.text), 0);
    }
}

static void refuses_more_settings_than_it_has_room_for(void **state)
{
    const char *words[40] = {"citybrain-router"};
    (void)state;
    for (size_t i = 1; i <= 33; i++)
        words[i] = "--set=a.b=c";
    words[33] = NULL;
    assert_true(read_words(words));
    assert_int_equal(options.set_count, 32);
    words[33] = "--slot=1";
    assert_false(read_words(words));
    assert_int_equal(error.code, EX_USAGE);
}

static void explains_itself(void **state)
{
    char *help[] = {(char[]){"citybrain-router"}, (char[]){"--help"}, NULL};
    char *version[] = {(char[]){"citybrain-router"}, (char[]){"--version"}, NULL};
    static const char *const wanted[] = {"citybrain-router",
                                         "config/router.yaml",
                                         "--set",
                                         "--check",
                                         "CITYBRAIN_BROKERS",
                                         "78",
                                         "SIGTERM",
                                         "Example",
                                         "which unit leads"};
    (void)state;
    capture_start(&capture, STDOUT_FILENO);
    bool good = options_read(&options, 2, help, "router", "config/router.yaml", &error);
    capture_stop(&capture, text, sizeof text);
    assert_true(good);
    assert_int_equal(options.mode, OPTIONS_DONE);
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
        assert_non_null(strstr(text, wanted[i]));
    capture_start(&capture, STDOUT_FILENO);
    good = options_read(&options, 2, version, "router", "config/router.yaml", &error);
    capture_stop(&capture, text, sizeof text);
    assert_true(good && options.mode == OPTIONS_DONE);
    assert_memory_equal(text, "citybrain-router ", 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_with_the_default_file),
        cmocka_unit_test(takes_file_settings_and_slot_in_order),
        cmocka_unit_test(knows_its_modes),
        cmocka_unit_test(refuses_words_it_does_not_know),
        cmocka_unit_test(refuses_more_settings_than_it_has_room_for),
        cmocka_unit_test(explains_itself),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
