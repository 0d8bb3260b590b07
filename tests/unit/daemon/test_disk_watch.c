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

static struct daemon *watch_folders(const char *folders)
{
    struct error error = {0};
    struct daemon *daemon = daemon_new(
        &(struct daemon_options){.service = "test", .admin_listen = "127.0.0.1:0"}, &error);
    assert_non_null(daemon);
    struct disk_watch *watch = disk_watch_open(daemon, folders);
    uv_run(daemon_loop(daemon), UV_RUN_NOWAIT); /* the timer asks at once */
    disk_watch_close(watch);                    /* its answers still come */
    for (int i = 0; i < 200 && value_of(daemon, "citybrain_disk_size_bytes", "/proc") < 0; i++) {
        uv_run(daemon_loop(daemon), UV_RUN_NOWAIT);
        uv_sleep(10);
    }
    return daemon;
}

static void says_what_the_file_system_says(void **state)
{
    (void)state;
    struct statvfs found;
    struct daemon *daemon = watch_folders("/, /proc");
    assert_int_equal(statvfs("/", &found), 0);
    assert_int_equal(value_of(daemon, "citybrain_disk_size_bytes", "/"),
                     (int64_t)(found.f_blocks * found.f_frsize));
    int64_t left = value_of(daemon, "citybrain_disk_available_bytes", "/");
    int64_t now = (int64_t)(found.f_bavail * found.f_frsize);
    assert_true(left > 0 && left < now + (64 << 20) && left > now - (64 << 20)); /* others write */
    daemon_free(daemon);
}

static void a_folder_that_is_not_there_has_no_numbers(void **state)
{
    (void)state;
    struct daemon *daemon = watch_folders(",/not/there,,/proc");
    assert_int_equal(value_of(daemon, "citybrain_disk_size_bytes", "/not/there"), -1);
    assert_int_equal(value_of(daemon, "citybrain_disk_available_bytes", "/not/there"), -1);
    assert_int_equal(value_of(daemon, "citybrain_disk_available_bytes", "/proc"), 0);
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
