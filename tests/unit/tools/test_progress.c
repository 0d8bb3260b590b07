/* SPDX-License-Identifier: Apache-2.0 */
/* What is over at once says nothing; what lasts says how far it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "citybrain/progress.h"

static int kept;
static FILE *said;

static void listen(void)
{
    fflush(stderr);
    kept = dup(STDERR_FILENO);
    said = tmpfile();
    dup2(fileno(said), STDERR_FILENO);
}

static void heard(char text[512])
{
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(said);
    size_t len = fread(text, 1, 511, said);
    text[len] = '\0';
    fclose(said);
}

static void what_is_over_at_once_says_nothing(void **state)
{
    struct progress progress;
    char text[512];
    (void)state;
    listen();
    progress_begin(&progress, "dead", 1);
    progress_show_late(&progress, 50, 100);
    progress_show_late(&progress, 100, 100);
    progress_end_late(&progress, "read");
    heard(text);
    assert_string_equal(text, "");
}

static void what_lasts_says_how_far_it_is(void **state)
{
    struct progress progress;
    char text[512];
    (void)state;
    listen();
    progress_begin(&progress, "dead", 1);
    progress_show_late(&progress, 10, 100);
    progress.began_ms -= 1000;
    progress_show_late(&progress, 40, 100);
    progress_end_late(&progress, "read");
    heard(text);
    assert_non_null(strstr(text, "dead  40% "));
    assert_non_null(strstr(text, "dead: read in 1."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_over_at_once_says_nothing),
        cmocka_unit_test(what_lasts_says_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
