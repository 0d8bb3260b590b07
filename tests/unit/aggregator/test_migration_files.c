/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped migrations are numbered 0001, 0002 … without a gap and without a number twice: two
 * branches that took one number are found out before a database says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static int is_numbered(const struct dirent *entry)
{
    return strspn(entry->d_name, "0123456789") > 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void each_has_the_next_number(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir("services/aggregator/sql", &entries, is_numbered, by_name);
    (void)state;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t len = strlen(name);
        if (strspn(name, "0123456789") != 4 || name[4] != '_' ||
            strcmp(name + len - 4, ".sql") != 0)
            fail_msg("%s is not NNNN_name.sql", name);
        if (strtol(name, NULL, 10) != i + 1)
            fail_msg("%s stands at place %d", name, i + 1);
        free(entries[i]);
    }
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_the_next_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
