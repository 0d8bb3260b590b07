/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/token_table.h"

static char file[] = "/tmp/token_table_XXXXXX";
static struct diagnostics *diagnostics;

static struct token_table *load(const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return token_table_load(file, diagnostics);
}

static int begin(void **state)
{
    (void)state;
    strcpy(file + strlen(file) - 6, "XXXXXX");
    int fd = mkstemp(file);
    close(fd);
    diagnostics = diagnostics_new();
    return fd < 0;
}

static int end(void **state)
{
    (void)state;
    diagnostics_free(diagnostics);
    return unlink(file);
}

static void finds_whose_a_token_is(void **state)
{
    (void)state;
    struct token_table *table =
        load("# ours\ntoken,kind,name,party\nfeed-token,feed,hotline,source\n"
             "unit-token,unit,d_water,lead\nread-token,reader,all,\n"
             "\nstat-token,station,st001,\n");
    assert_non_null(table);
    const struct token_row *row = token_table_find(table, SPAN("Bearer unit-token"));
    assert_true(row && row->kind == TOKEN_UNIT && span_is(row->name, "d_water"));
    assert_int_equal(token_table_find(table, SPAN("Bearer  stat-token "))->kind, TOKEN_STATION);
    assert_int_equal(token_table_find(table, SPAN("Bearer read-token"))->kind, TOKEN_READER);
    assert_null(token_table_find(table, SPAN("Bearer unit-toke")));
    assert_null(token_table_find(table, SPAN("Basic unit-token")));
    assert_null(token_table_find(table, SPAN("unit-token")));
    assert_null(token_table_find(table, SPAN_NONE));
    assert_non_null(token_table_at(table, 3));
    assert_null(token_table_at(table, 4));
    token_table_free(table);
}

static void names_the_line_that_is_wrong(void **state)
{
    (void)state;
    static const char *const bad[] = {"short,unit,d_water,lead\n",
                                      "long-enough,boss,d_water,lead\n", "long-enough,unit\n",
                                      "long-enough,unit,a,b,c\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t before = diagnostics_errors(diagnostics);
        assert_null(load(bad[i]));
        assert_int_equal(diagnostics_errors(diagnostics), before + 1);
    }
    assert_null(token_table_load("/nowhere/tokens.csv", diagnostics));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_whose_a_token_is, begin, end),
        cmocka_unit_test_setup_teardown(names_the_line_that_is_wrong, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
