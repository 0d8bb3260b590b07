/* SPDX-License-Identifier: Apache-2.0 */
/* Drop directories without a broker: when a file is whole by each rule, what it is called then, and
 * what is found again after a process died between two steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "config/diagnostics.h"
#include "ingest/drop_folder.h"
#include "ingest/drop_words.h"

#define NOW   INT64_C(1772417716917) /* 2026-03-02T02:15:16.917Z */
#define STAMP "20260302T021516.917Z-"

struct fixture {
    char root[64];
    struct feeds *feeds;
    struct drop_settings settings;
    struct drop_folder folder;
    struct drop_file file;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(fixture->root, sizeof fixture->root, "/tmp/cb-folder-XXXXXX");
    if (!mkdtemp(fixture->root))
        return 1;
    fixture->feeds = feeds_load("config/feeds", diagnostics);
    diagnostics_free(diagnostics);
    fixture->settings = (struct drop_settings){.root = fixture->root, .when = DROP_RENAME};
    *state = fixture;
    return fixture->feeds && drop_folder_open(&fixture->folder, &fixture->settings, fixture->feeds,
                                              &fixture->error)
               ? 0
               : 1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char remove[96];
    snprintf(remove, sizeof remove, "rm -rf %s", fixture->root);
    close(fixture->folder.lock);
    feeds_free(fixture->feeds);
    free(fixture);
    return system(remove);
}

static char *path_of(const struct fixture *fixture, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/hotline_csv/%s", fixture->root, name);
    return path;
}

static void make(const struct fixture *fixture, const char *name)
{
    int fd = open(path_of(fixture, name), O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "h\n1\n", 4), 4);
    close(fd);
}

static bool is_there(const struct fixture *fixture, const char *name)
{
    return access(path_of(fixture, name), F_OK) == 0;
}

/* The next file's name in working/, or NULL. */
static const char *next(struct fixture *fixture)
{
    fixture->error = (struct error){0};
    if (!drop_folder_next(&fixture->folder, NOW, &fixture->file, &fixture->error))
        return NULL;
    assert_true(fixture->file.fd >= 0);
    drop_file_close(&fixture->file);
    return fixture->file.kept;
}

static void unlink_working(const struct fixture *fixture)
{
    char name[400];
    snprintf(name, sizeof name, "working/%s", fixture->file.kept);
    assert_int_equal(unlink(path_of(fixture, name)), 0);
}

static void a_renamed_file_is_taken_at_once_under_its_time(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "a.csv");
    assert_string_equal(next(fixture), STAMP "a.csv");
    assert_string_equal(fixture->file.name, "a.csv");
    assert_int_equal(fixture->file.received_ms, NOW);
    assert_string_equal(fixture->file.feed->id, "hotline_csv");
    assert_false(is_there(fixture, "a.csv"));
    assert_true(is_there(fixture, "working/" STAMP "a.csv"));
}

/* As after a crash: it is found again, with the time it was taken, before anything new. */
static void what_lies_in_working_comes_first_and_keeps_its_time(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "working/20260101T000000.001Z-old.csv");
    make(fixture, "working/20260101T000000.001Z-old.csv.json.part");
    make(fixture, "working/stranger.csv");
    make(fixture, "new.csv");
    assert_string_equal(next(fixture), "20260101T000000.001Z-old.csv");
    assert_string_equal(fixture->file.name, "old.csv");
    assert_int_equal(fixture->file.received_ms, 1767225600001);
    unlink_working(fixture);
    assert_string_equal(next(fixture), STAMP "new.csv");
}

static void the_oldest_file_comes_first(void **state)
{
    struct fixture *fixture = *state;
    struct timeval old[2] = {{1700000000, 0}, {1700000000, 0}};
    make(fixture, "a.csv");
    make(fixture, "z.csv");
    assert_int_equal(utimes(path_of(fixture, "z.csv"), old), 0);
    assert_string_equal(next(fixture), STAMP "z.csv");
}

/* A copy that keeps an old modification time is still young. */
static void under_stable_content_and_name_must_rest(void **state)
{
    struct fixture *fixture = *state;
    struct timeval old[2] = {{1700000000, 0}, {1700000000, 0}};
    fixture->settings.when = DROP_STABLE;
    fixture->settings.stable_ms = 400;
    make(fixture, "a.csv");
    assert_int_equal(utimes(path_of(fixture, "a.csv"), old), 0);
    assert_null(next(fixture));
    usleep(450000);
    assert_string_equal(next(fixture), STAMP "a.csv");
}

static void with_done_files_a_file_waits_for_its_mark(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.when = DROP_DONE_FILE;
    make(fixture, "a.csv");
    assert_null(next(fixture));
    make(fixture, "a.csv.done");
    assert_string_equal(next(fixture), STAMP "a.csv");
    assert_false(is_there(fixture, "a.csv.done"));
    assert_false(is_there(fixture, "working/" STAMP "a.csv.done"));
}

/* It died after the mark was moved, before the file was. */
static void a_mark_in_working_brings_its_file_after_a_crash(void **state)
{
    struct fixture *fixture = *state;
    fixture->settings.when = DROP_DONE_FILE;
    make(fixture, "a.csv");
    make(fixture, "working/20260101T000000.001Z-a.csv.done");
    assert_string_equal(next(fixture), "20260101T000000.001Z-a.csv");
    assert_false(is_there(fixture, "a.csv"));
    assert_false(is_there(fixture, "working/20260101T000000.001Z-a.csv.done"));
}

static void a_file_that_somebody_writes_is_not_taken(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "a.csv");
    int fd = open(path_of(fixture, "a.csv"), O_WRONLY | O_APPEND);
    assert_null(next(fixture));
    close(fd);
    assert_string_equal(next(fixture), STAMP "a.csv");
}

static void what_is_no_file_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(path_of(fixture, "folder.csv"), 0777), 0);
    assert_int_equal(symlink("/etc/passwd", path_of(fixture, "link.csv")), 0);
    assert_int_equal(mkfifo(path_of(fixture, "pipe.csv"), 0666), 0);
    assert_null(next(fixture));
    assert_int_equal(fixture->error.kind, ERROR_NONE);
}

static void two_files_of_one_name_and_moment_get_two_names(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "done/" STAMP "a.csv");
    make(fixture, "failed/20260302T021516.918Z-a.csv");
    make(fixture, "a.csv");
    assert_string_equal(next(fixture), "20260302T021516.919Z-a.csv");
    assert_int_equal(fixture->file.received_ms, NOW + 2);
}

/* A receipt is named after its file, and so may be another one that was dropped. */
static void a_file_gets_no_name_whose_receipts_would_be_another_file(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "done/" STAMP "a.csv.json");
    make(fixture, "failed/20260302T021516.918Z-a.csv.txt");
    make(fixture, "a.csv");
    assert_string_equal(next(fixture), "20260302T021516.919Z-a.csv");
}

static void a_file_that_comes_back_has_one_stamp(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, "20260101T000000.001Z-a.csv");
    assert_string_equal(next(fixture), STAMP "a.csv");
}

/* A name as a Windows FTP client sends it, and one as long as a name may be. */
static void any_name_can_be_kept(void **state)
{
    struct fixture *fixture = *state;
    char name[256];
    struct arena arena;
    arena_init(&arena, 4096);
    make(fixture, "\xB9\xA4\xB5\xA5.csv");
    assert_string_equal(next(fixture), STAMP "\xB9\xA4\xB5\xA5.csv");
    assert_true(span_is(drop_words_name(fixture->file.kept, &arena), STAMP "工单.csv"));
    unlink_working(fixture);
    for (size_t i = 0; i < 83; i++)
        memcpy(name + 3 * i, "长", 4);
    memcpy(name + 249, ".csv", 5);
    make(fixture, name);
    const char *kept = next(fixture);
    assert_true(strlen(kept) <= 255 - strlen(".json.part"));
    assert_int_equal(strncmp(kept, STAMP "长", strlen(STAMP "长")), 0);
    assert_true(span_ends(span_of(kept), SPAN("长.csv")));
    arena_fini(&arena);
}

struct sender {
    char beside[512], name[512];
    atomic_bool stopped;
};

/* Sends a file of one name again and again, each by a rename over the last. */
static void *send_again_and_again(void *context)
{
    struct sender *sender = context;
    while (!sender->stopped) {
        int fd = open(sender->beside, O_CREAT | O_TRUNC | O_WRONLY, 0666);
        if (fd >= 0)
            close(fd);
        rename(sender->beside, sender->name);
    }
    return NULL;
}

static void what_is_read_is_what_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct sender sender = {.stopped = false};
    pthread_t thread;
    snprintf(sender.beside, sizeof sender.beside, "%s", path_of(fixture, ".a.csv"));
    snprintf(sender.name, sizeof sender.name, "%s", path_of(fixture, "a.csv"));
    assert_int_equal(pthread_create(&thread, NULL, send_again_and_again, &sender), 0);
    time_t until = time(NULL) + 2;
    int strange = 0;
    for (int taken = 0; taken < 400 && time(NULL) < until;) {
        struct stat read, kept;
        char name[400];
        struct drop_file *file = &fixture->file;
        if (!drop_folder_next(&fixture->folder, NOW, file, &fixture->error))
            continue;
        taken++;
        snprintf(name, sizeof name, "working/%s", file->kept);
        assert_int_equal(fstat(file->fd, &read), 0);
        assert_int_equal(stat(path_of(fixture, name), &kept), 0);
        strange += read.st_ino != kept.st_ino;
        drop_file_close(file);
        unlink_working(fixture);
    }
    sender.stopped = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(strange, 0);
}

static void one_process_at_a_time_serves_a_folder(void **state)
{
    struct fixture *fixture = *state;
    struct drop_folder other;
    struct drop_file file;
    assert_null(next(fixture)); /* ours now */
    assert_true(drop_folder_open(&other, &fixture->settings, fixture->feeds, &fixture->error));
    make(fixture, "a.csv");
    assert_false(drop_folder_next(&other, NOW, &file, &fixture->error));
    assert_int_equal(fixture->error.kind, ERROR_NONE);
    close(fixture->folder.lock); /* as when a process ends */
    assert_true(drop_folder_next(&other, NOW, &file, &fixture->error));
    drop_file_close(&file);
    fixture->folder.lock = other.lock;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_renamed_file_is_taken_at_once_under_its_time),
        TEST(what_lies_in_working_comes_first_and_keeps_its_time),
        TEST(the_oldest_file_comes_first),
        TEST(under_stable_content_and_name_must_rest),
        TEST(with_done_files_a_file_waits_for_its_mark),
        TEST(a_mark_in_working_brings_its_file_after_a_crash),
        TEST(a_file_that_somebody_writes_is_not_taken),
        TEST(what_is_no_file_is_left_alone),
        TEST(two_files_of_one_name_and_moment_get_two_names),
        TEST(a_file_gets_no_name_whose_receipts_would_be_another_file),
        TEST(a_file_that_comes_back_has_one_stamp),
        TEST(any_name_can_be_kept),
        TEST(what_is_read_is_what_is_kept),
        TEST(one_process_at_a_time_serves_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
