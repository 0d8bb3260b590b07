/* SPDX-License-Identifier: Apache-2.0 */
/* Letters of one reason are shown by the newest of them: what is refused now, not what was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "citybrain/dead_list.h"

static void add(struct dead_groups *groups, int64_t offset, int64_t at_ms)
{
    struct dead_letter letter = {.partition = 1, .offset = offset, .at_ms = at_ms};
    letter.header.raw.feed = SPAN("hotline");
    letter.header.why.reject = REJECT_DATE;
    dead_groups_add(groups, &letter);
}

static void the_sample_of_a_group_is_its_newest_letter(void **state)
{
    struct dead_groups groups = {.by_name = NULL};
    char text[4096];
    FILE *out = tmpfile();
    (void)state;
    add(&groups, 7, 2000); /* partitions are read one after the other */
    add(&groups, 8, 3000);
    add(&groups, 9, 1000);
    dead_groups_show(&groups, true, out);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    assert_non_null(strstr(text, "\"letters\":3"));
    assert_non_null(strstr(text, "\"sample\":{\"place\":\"1/8\""));
    dead_groups_fini(&groups);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_a_group_is_its_newest_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
