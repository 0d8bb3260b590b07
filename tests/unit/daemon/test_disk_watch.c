/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/base.h"
#include "daemon/daemon.h"
#include "daemon/disk_watch.h"

#define SIZE      "citybrain_disk_size_bytes"
#define AVAILABLE "citybrain_disk_available_bytes"

static int64_t value_of(struct daemon *daemon, const char *metric, const char *folder)
{
    struct strbuf out;
    char line[200];
    long long value = -1;
    strbuf_init(&out, 4096, 1 << 20);
    metrics_write(daemon_metrics(daemon), &out);
    snprintf(line, sizeof line, "%s{folder=\"%s\"} ", metric, folder);
    const char *at = strstr(out.at, line);
    if (at)
        sscanf(at + strlen(line), "%lld", &value);
    strbuf_fini(&out);
    return value;
}

/* Until each of `asked` has its answer: they come from pool threads, in no order. */
static struct daemon *watch_folders(const char *folders, const char *const *asked)
{
    struct error error = {0};
    struct daemon *daemon = daemon_new(
        &(struct daemon_options){.service = "test", .admin_listen = "127.0.0.1:0"}, &error);
    assert_non_null(daemon);
    struct disk_watch *watch = disk_watch_open(daemon, folders);
    uv_run(daemon_loop(daemon), UV_RUN_NOWAIT); /* the timer asks at once */
    disk_watch_close(watch);                    /* its answers still come */
    for (; *asked; asked++)
        for (int i = 0; i < 1000 && value_of(daemon, SIZE, *asked) < 0; i++) {
            uv_run(daemon_loop(daemon), UV_RUN_NOWAIT);
            uv_sleep(10);
        }
    return daemon;
}

static void says_what_the_file_system_says(void **state)
{
    (void)state;
    struct statvfs found;
    struct daemon *daemon = watch_folders("/, /proc", (const char *const[]){"/", "/proc", NULL});
    assert_int_equal(statvfs("/", &found), 0);
    assert_int_equal(value_of(daemon, SIZE, "/"), (int64_t)(found.f_blocks * found.f_frsize));
    int64_t left = value_of(daemon, AVAILABLE, "/");
    int64_t now = (int64_t)(found.f_bavail * found.f_frsize);
    int64_t others =
        (int64_t)(found.f_blocks * found.f_frsize) / 20; /* what they write meanwhile */
    assert_true(left > 0 && left < now + others && left > now - others);
    daemon_free(daemon);
}

static void a_folder_that_is_not_there_has_no_numbers(void **state)
{
    (void)state;
    struct daemon *daemon =
        watch_folders(",/not/there,,/proc", (const char *const[]){"/proc", NULL});
    assert_int_equal(value_of(daemon, SIZE, "/not/there"), -1);
    assert_int_equal(value_of(daemon, AVAILABLE, "/not/there"), -1);
    assert_int_equal(value_of(daemon, AVAILABLE, "/proc"), 0);
    daemon_free(daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_file_system_says),
        cmocka_unit_test(a_folder_that_is_not_there_has_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
