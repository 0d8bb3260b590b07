/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base.h"
#include "daemon/http_route.h"

static const struct http_route routes[] = {
    {"GET", "/", 0, NULL, NULL},
    {"GET", "/v1/views/{view}", 0, NULL, NULL},
    {"POST", "/v1/feeds/{feed}", 0, NULL, NULL},
    {"POST", "/v1/feeds/{feed}/check", 0, NULL, NULL},
    {"GET", "/v1/{a}/x/{b}", 0, NULL, NULL},
    {"GET", "/page/*", 0, NULL, NULL},
};

static char buffer[512];

static bool find(struct http_match *match, const char *method, const char *text)
{
    struct http_path path;
    if (!http_route_split(span_of(text), buffer, &path))
        return false;
    http_route_find(match, routes, ARRAY_LENGTH(routes), method, &path);
    return true;
}

static void decodes_escapes_and_refuses_what_is_no_text(void **state)
{
    static const struct {
        const char *raw, *decoded;
    } rows[] = {{"abc", "abc"},  {"", ""},       {"%41%6a%6A", "Ajj"}, {"%E4%B8%AD", "中"},
                {"中", "中"},    {"a+b", "a+b"}, {"%", NULL},          {"%4", NULL},
                {"%4g", NULL},   {"%g4", NULL},  {"%00", NULL},        {"%0a", NULL},
                {"%7F", NULL},   {"%ff", NULL},  {"\x01", NULL},       {"%E4%B8", NULL},
                {"%C0%AF", NULL}};
    struct span decoded;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool good = http_route_decode(span_of(rows[i].raw), buffer, &decoded);
        assert_int_equal(good, rows[i].decoded != NULL);
        if (good)
            assert_true(span_is(decoded, rows[i].decoded));
    }
}

static void finds_the_route_and_its_parts(void **state)
{
    static const struct {
        const char *method, *path;
        int route;
        const char *part, *second;
    } rows[] = {
        {"GET", "/", 0, NULL, NULL},
        {"HEAD", "/", 0, NULL, NULL},
        {"GET", "/v1/views/closure_rate", 1, "closure_rate", NULL},
        {"POST", "/v1/feeds/a%2Fb", 2, "a/b", NULL},
        {"POST", "/v1/feeds/f/check", 3, "f", NULL},
        {"GET", "/v1/one/x/two", 4, "one", "two"},
        {"GET", "/page/js/app.js", 5, "js/app.js", NULL},
        {"GET", "/page/", 5, "", NULL},
    };
    struct http_match match;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_true(find(&match, rows[i].method, rows[i].path));
        assert_ptr_equal(match.route, &routes[rows[i].route]);
        if (rows[i].part)
            assert_true(span_is(match.parts[0], rows[i].part));
        else
            assert_null(match.parts[0].at);
        if (rows[i].second)
            assert_true(span_is(match.parts[1], rows[i].second));
    }
}

static void names_the_methods_of_a_known_path(void **state)
{
    struct http_match match;
    (void)state;
    assert_true(find(&match, "PUT", "/v1/views/x"));
    assert_null(match.route);
    assert_string_equal(match.allow, "GET, HEAD");
    assert_true(find(&match, "HEAD", "/v1/feeds/x"));
    assert_string_equal(match.allow, "POST");
}

static void knows_no_other_paths(void **state)
{
    static const char *const paths[] = {
        "/v1",          "/v1/views",   "/v1/views/", "/v1/views/a/", "/v1/views//",
        "//v1/views/a", "/V1/views/a", "/page",      "/page/a%2fb",  "/v1/x/x/"};
    struct http_match match;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        assert_true(find(&match, "GET", paths[i]));
        assert_null(match.route);
        assert_string_equal(match.allow, "");
    }
}

static void refuses_paths_that_climb_or_are_none(void **state)
{
    static const char *const paths[] = {
        "", "page", "*", "/page/..", "/page/%2e%2e/x", "/./", "/page/%2E", "http://x/", "/page/a%"};
    struct http_match match;
    char deep[128] = "";
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
        assert_false(find(&match, "GET", paths[i]));
    memset(deep, '/', HTTP_ROUTE_SEGMENTS + 1);
    assert_false(find(&match, "GET", deep));
    deep[HTTP_ROUTE_SEGMENTS] = '\0';
    assert_true(find(&match, "GET", deep));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_escapes_and_refuses_what_is_no_text),
        cmocka_unit_test(finds_the_route_and_its_parts),
        cmocka_unit_test(names_the_methods_of_a_known_path),
        cmocka_unit_test(knows_no_other_paths),
        cmocka_unit_test(refuses_paths_that_climb_or_are_none),
    };
    return cmocka_run_group_tests_name("http_route", tests, NULL, NULL);
}
