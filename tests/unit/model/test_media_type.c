/* SPDX-License-Identifier: Apache-2.0 */
/* Content types as senders write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/media_type.h"

static void a_type_is_compared_without_case_and_parameters(void **state)
{
    (void)state;
    assert_true(media_type_is(SPAN("text/csv"), "text/csv"));
    assert_true(media_type_is(SPAN(" Text/CSV ;charset=gbk"), "text/csv"));
    assert_false(media_type_is(SPAN("text/csvx"), "text/csv"));
    assert_false(media_type_is(SPAN("text/cs"), "text/csv"));
    assert_false(media_type_is(SPAN_NONE, "text/csv"));
    assert_true(
        media_type_starts(SPAN("APPLICATION/CloudEvents-batch+json"), "application/cloudevents"));
    assert_false(media_type_starts(SPAN("application/cloud"), "application/cloudevents"));
}

static void json_is_known_by_its_suffix_too(void **state)
{
    (void)state;
    assert_true(media_type_is_json(SPAN("application/json; charset=utf-8")));
    assert_true(media_type_is_json(SPAN("text/JSON")));
    assert_true(media_type_is_json(SPAN("application/vnd.unit.v1+Json")));
    assert_false(media_type_is_json(SPAN("application/jsonp")));
    assert_false(media_type_is_json(SPAN("+json")));
    assert_false(media_type_is_json(SPAN("text/plain")));
    assert_false(media_type_is_json(SPAN_NONE));
}

static void a_parameter_is_found_by_name_and_unquoted(void **state)
{
    (void)state;
    struct span type = SPAN("a/b; Version=1 ; CHARSET = \"UTF-8\";empty=");
    assert_true(span_is(media_type_parameter(type, "charset"), "UTF-8"));
    assert_true(span_is(media_type_parameter(type, "version"), "1"));
    assert_true(span_is(media_type_parameter(type, "empty"), ""));
    assert_null(media_type_parameter(type, "other").at);
    assert_null(media_type_parameter(SPAN("a/b;charset"), "charset").at);
    assert_null(media_type_parameter(SPAN_NONE, "charset").at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_compared_without_case_and_parameters),
        cmocka_unit_test(json_is_known_by_its_suffix_too),
        cmocka_unit_test(a_parameter_is_found_by_name_and_unquoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
