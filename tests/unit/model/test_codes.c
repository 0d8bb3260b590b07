/* SPDX-License-Identifier: Apache-2.0 */
/* Both directions of the table, and every damaged row named by its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/codes.h"

#include "../../support/text_file.h"

static struct codes *load(const char *text)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *loaded = codes_load(text_file(text), diagnostics);
    text_file_end(diagnostics);
    return loaded;
}

static void refuse_at(const char *text, int line, int col)
{
    char place[80];
    assert_null(load(text));
    snprintf(place, sizeof place, "%s:%d:%d:", text_file_path, line, col);
    assert_memory_equal(shown, place, strlen(place));
}

static void finds_by_code_and_by_number_within_a_space(void **state)
{
    (void)state;
    struct codes *codes =
        load("# c\nspace,number,code\nstage,7,opened\nunit,7,u-1\nstage,2,closed\n");
    assert_non_null(codes);
    assert_int_equal(codes_number(codes, CODE_STAGE, SPAN("opened")), 7);
    assert_int_equal(codes_number(codes, CODE_UNIT, SPAN("opened")), 0);
    assert_int_equal(codes_number(codes, CODE_UNIT, SPAN_NONE), 0);
    assert_true(span_is(codes_text(codes, CODE_STAGE, 2), "closed"));
    assert_true(span_is(codes_text(codes, CODE_UNIT, 7), "u-1"));
    assert_null(codes_text(codes, CODE_STAGE, 3).at);
    assert_null(codes_text(codes, CODE_STAGE, 8).at);
    assert_null(codes_text(codes, CODE_PARTY, 1).at);
    codes_free(codes);
}

static void refuses_a_number_or_a_code_given_twice(void **state)
{
    (void)state;
    refuse_at("space,number,code\nstage,1,a\nstage,1,b\n", 3, 7);
    refuse_at("space,number,code\nstage,1,a\n# c\nstage,2,a\n", 4, 7);
}

static void says_which_number_a_field_can_have(void **state)
{
    (void)state;
    refuse_at("field,1,a\nfield,501,b\n", 2, 7);
    assert_non_null(strstr(shown, "number 501 is not 1 to 8; the next free one is 2"));
    refuse_at("field,1,a\nfield,2,b\nfield,3,c\nfield,4,d\nfield,5,e\nfield,6,f\nfield,7,g\n"
              "field,8,h\nfield,9,i\n",
              9, 7);
    assert_non_null(strstr(shown, "all of those are taken"));
}

static void refuses_rows_that_are_no_code(void **state)
{
    (void)state;
    refuse_at("space,number,code\nstage,0,a\n", 2, 7);
    refuse_at("space,number,code\nstage,x,a\n", 2, 7);
    refuse_at("space,number,code\nplace,1,a\n", 2, 1);
    refuse_at("space,number,code\nstage,1\n", 2, 8);
    refuse_at("space,number,code\nstage,1,\n", 2, 9);
    refuse_at("space,number,code\nstage,1,a,b\n", 2, 9);
    refuse_at("space,number,code\n  stage,65536,a\n", 2, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_code_and_by_number_within_a_space),
        cmocka_unit_test(refuses_a_number_or_a_code_given_twice),
        cmocka_unit_test(says_which_number_a_field_can_have),
        cmocka_unit_test(refuses_rows_that_are_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
