/* SPDX-License-Identifier: Apache-2.0 */
/* A note is closed and opened again where a process would have died. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kafka/poison_note.h"

static char folder[64], inner[80], path[128];
static struct kafka_settings settings = {
    .prefix = "cb.", .group = "router", .slot = 3, .note_dir = inner};
static const struct poison_record fifth = {7, 2, 5}, sixth = {7, 2, 6};

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/poison_note.XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    snprintf(inner, sizeof(inner), "%s/a/b", folder);
    snprintf(path, sizeof(path), "%s/cb.router-3.note", inner);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char upper[80];
    snprintf(upper, sizeof(upper), "%s/a", folder);
    unlink(path);
    rmdir(inner);
    rmdir(upper);
    return rmdir(folder);
}

static struct poison_note open_note(void)
{
    struct poison_note note;
    struct error error = {0};
    assert_true(poison_note_open(&note, &settings, &error));
    return note;
}

static void die_in_core_at(const struct poison_record *record)
{
    struct poison_note note = open_note();
    poison_note_enter(&note, record);
    poison_note_close(&note);
}

static uint32_t deaths_at(const struct poison_record *record)
{
    struct poison_note note = open_note();
    uint32_t deaths = poison_note_deaths(&note, record);
    poison_note_close(&note);
    return deaths;
}

static void makes_its_folder_and_a_file_of_64_bytes(void **state)
{
    (void)state;
    struct stat found;
    struct poison_note note = open_note();
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 64);
    assert_int_equal(poison_note_deaths(&note, &fifth), 0);
    poison_note_close(&note);
}

static void counts_deaths_in_the_core_at_one_record(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= POISON_DEAD; i++) {
        die_in_core_at(&fifth);
        assert_int_equal(deaths_at(&fifth), i);
        assert_int_equal(deaths_at(&sixth), 0);
    }
}

static void counts_no_death_outside_the_core(void **state)
{
    (void)state;
    struct poison_note note = open_note();
    poison_note_enter(&note, &fifth);
    poison_note_leave(&note);
    poison_note_close(&note);
    assert_int_equal(deaths_at(&fifth), 0);

    note = open_note();
    poison_note_enter(&note, &fifth);
    poison_note_leave(&note);
    poison_note_commit(&note);
    poison_note_close(&note);
    assert_int_equal(deaths_at(&fifth), 0);
}

static void remembers_the_suspect_while_earlier_records_come_again(void **state)
{
    (void)state;
    die_in_core_at(&sixth);
    struct poison_note note = open_note();
    poison_note_enter(&note, &fifth);
    poison_note_leave(&note);
    poison_note_enter(&note, &sixth);
    poison_note_close(&note);
    assert_int_equal(deaths_at(&sixth), 2);
}

static void begins_anew_at_another_record(void **state)
{
    (void)state;
    die_in_core_at(&fifth);
    die_in_core_at(&fifth);
    die_in_core_at(&sixth);
    assert_int_equal(deaths_at(&fifth), 0);
    assert_int_equal(deaths_at(&sixth), 1);
}

static void forgets_a_suspect_once_it_is_committed(void **state)
{
    (void)state;
    die_in_core_at(&fifth);
    struct poison_note note = open_note();
    poison_note_passed(&note, 7, 2, 5); /* up to it, not past it */
    assert_int_equal(poison_note_deaths(&note, &fifth), 1);
    poison_note_passed(&note, 7, 1, 6); /* another partition */
    assert_int_equal(poison_note_deaths(&note, &fifth), 1);
    poison_note_passed(&note, 7, 2, 6);
    assert_int_equal(poison_note_deaths(&note, &fifth), 0);
    poison_note_close(&note);
}

static void survives_a_damaged_file(void **state)
{
    (void)state;
    struct poison_note note = open_note();
    poison_note_close(&note);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("not a note", file);
    fclose(file);
    assert_int_equal(deaths_at(&fifth), 0);
    die_in_core_at(&fifth);
    assert_int_equal(deaths_at(&fifth), 1);
}

static void says_which_folder_cannot_be_written(void **state)
{
    (void)state;
    struct kafka_settings wrong = settings;
    struct poison_note note;
    struct error error = {0};
    wrong.note_dir = "/proc/citybrain";
    assert_false(poison_note_open(&note, &wrong, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/proc/citybrain"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_its_folder_and_a_file_of_64_bytes),
        TEST(counts_deaths_in_the_core_at_one_record),
        TEST(counts_no_death_outside_the_core),
        TEST(remembers_the_suspect_while_earlier_records_come_again),
        TEST(begins_anew_at_another_record),
        TEST(forgets_a_suspect_once_it_is_committed),
        TEST(survives_a_damaged_file),
        cmocka_unit_test(says_which_folder_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
