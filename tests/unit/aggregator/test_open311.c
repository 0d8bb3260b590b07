/* SPDX-License-Identifier: Apache-2.0 */
/* GeoReport v2 as text (DESIGN §6; docs/api.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/open311.h"
#include "base/base.h"

static struct strbuf out;

static int begin(void **state)
{
    (void)state;
    strbuf_init(&out, 256, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    strbuf_fini(&out);
    return 0;
}

static void a_name_ends_with_its_form(void **state)
{
    (void)state;
    enum open311_form form;
    struct span name = SPAN("request:12345:A.1.xml");
    assert_true(open311_read_form(&name, &form));
    assert_true(span_is(name, "request:12345:A.1") && form == OPEN311_XML);
    name = SPAN("requests.json");
    assert_true(open311_read_form(&name, &form));
    assert_true(span_is(name, "requests") && form == OPEN311_JSON);
    name = SPAN("requests.csv");
    assert_false(open311_read_form(&name, &form));
    name = SPAN(".xml");
    assert_false(open311_read_form(&name, &form));
}

static const struct open311_request request = {.id = {"request:t:<1>&\"2\"", 17},
                                               .closed = true,
                                               .service_code = {"R0105", 5},
                                               .requested = {"2026-01-01T09:00:00+08:00", 25}};

static void xml_is_escaped_and_has_every_element(void **state)
{
    (void)state;
    open311_begin_requests(&out, OPEN311_XML);
    open311_add_request(&out, OPEN311_XML, &request, true);
    open311_end_requests(&out, OPEN311_XML);
    assert_non_null(
        strstr(out.at, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<service_requests>"));
    assert_non_null(
        strstr(out.at, "<service_request_id>request:t:&lt;1&gt;&amp;\"2\"</service_request_id>"));
    assert_non_null(strstr(out.at, "<status>closed</status>"));
    assert_non_null(strstr(out.at, "<address></address>"));
    assert_non_null(strstr(out.at, "<lat></lat><long></long>"));
}

static void json_says_null_where_nothing_is_known(void **state)
{
    (void)state;
    open311_begin_requests(&out, OPEN311_JSON);
    open311_add_request(&out, OPEN311_JSON, &request, true);
    open311_add_request(&out, OPEN311_JSON, &request, false);
    open311_end_requests(&out, OPEN311_JSON);
    assert_non_null(strstr(out.at, "[{\"service_request_id\":\"request:t:<1>&\\\"2\\\"\""));
    assert_non_null(strstr(out.at, "\"address\":null"));
    assert_non_null(strstr(out.at, "},\n{"));
}

static void errors_have_a_code_in_both_forms(void **state)
{
    (void)state;
    open311_write_error(&out, OPEN311_JSON, 404, SPAN("\"x\" not found"));
    assert_string_equal(out.at, "[{\"code\":404,\"description\":\"\\\"x\\\" not found\"}]\n");
    strbuf_reset(&out);
    open311_write_error(&out, OPEN311_XML, 400, SPAN("a < b"));
    assert_non_null(
        strstr(out.at, "<errors><error><code>400</code><description>a &lt; b</description>"));
}

static void services_are_the_types_with_none_below(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct registry *types = registry_load("config/registries/request_types.csv", diagnostics);
    assert_non_null(types);
    open311_write_services(&out, OPEN311_JSON, types);
    assert_non_null(strstr(out.at, "\"service_code\":\"R0105\""));
    assert_null(strstr(out.at, "\"service_code\":\"R01\""));
    strbuf_reset(&out);
    assert_true(open311_write_definition(&out, OPEN311_JSON, types, SPAN("R0105")));
    assert_false(open311_write_definition(&out, OPEN311_JSON, types, SPAN("nothing")));
    registry_free(types);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_ends_with_its_form, begin, end),
        cmocka_unit_test_setup_teardown(xml_is_escaped_and_has_every_element, begin, end),
        cmocka_unit_test_setup_teardown(json_says_null_where_nothing_is_known, begin, end),
        cmocka_unit_test_setup_teardown(errors_have_a_code_in_both_forms, begin, end),
        cmocka_unit_test_setup_teardown(services_are_the_types_with_none_below, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
