/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of places and types that were asked for is what the registries say, whatever was
 * asked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/district.h"

static struct district district, bare; /* bare: the same, and it keeps nothing */
static char folder[] = "/tmp/citybrain-district-XXXXXX";

/* A community that moves to another 街乡, and a type that changes hands, on 1 March. */
static int load(void **state)
{
    (void)state;
    char command[1024];
    struct diagnostics *diagnostics = diagnostics_new();
    if (!mkdtemp(folder))
        return -1;
    snprintf(command, sizeof command,
             "mkdir %s/registries && cp config/registries/*.csv %s/registries && printf '"
             "community,110105001990,110105001,移,,,2026-03-01\n"
             "community,110105001990,110105002,移,,2026-03-01,\n' >>%s/registries/divisions.csv && "
             "printf 'R9901,,旧,,street,7d,d_fire,,2026-03-01,\nR9901,,新,,district,7d,d_police,"
             "2026-03-01,,\n' >>%s/registries/request_types.csv",
             folder, folder, folder, folder);
    bool good = system(command) == 0 && district_load(&district, folder, diagnostics);
    diagnostics_free(diagnostics);
    bare = district;
    bare.memo = NULL;
    return good ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    district_fini(&district);
    return system(command);
}

static int64_t day_of(const char *text)
{
    int64_t ms = 0;
    assert_true(timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms));
    return timestamp_day(ms, 0);
}

static struct span street(const char *community, const char *told, const char *day)
{
    return district_place(&district, span_of(community), span_of(told), day_of(day)).street;
}

static void a_place_is_that_of_its_day(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(span_is(street("110105001990", NULL, "2026-02-28"), "110105001"));
        assert_true(span_is(street("110105001990", NULL, "2026-03-01"), "110105002"));
        assert_true(span_is(street("110105001990", NULL, "2027-07-25"), "110105002")); /* + 512 */
    }
}

static void a_type_is_that_of_its_day(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct district_type old = district_type(&district, SPAN("R9901"), day_of("2026-02-28"));
        struct district_type new = district_type(&district, SPAN("R9901"), day_of("2026-03-01"));
        struct district_type far = district_type(&district, SPAN("R9901"), day_of("2026-07-06"));
        assert_true(span_is(old.unit, "d_fire") && span_is(old.level, "street"));
        assert_true(span_is(new.unit, "d_police") && span_is(new.level, "district"));
        assert_true(span_is(far.unit, "d_police")); /* 128 days behind the old one */
    }
}

static void texts_that_read_alike_are_not_one_place(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(span_is(street("110105001990", "", "2026-02-28"), "110105001"));
        assert_null(street("110105", "001990", "2026-02-28").at);
        assert_null(street("", "110105001990", "2026-02-28").at);
    }
}

static bool same(struct span a, struct span b)
{
    return a.at == b.at && a.len == b.len;
}

/* More than are kept, and longer ones than are kept. */
static void all_places_and_types_are_as_if_nothing_were_kept(void **state)
{
    (void)state;
    const struct registry_row *row;
    static const char *const told[] = {NULL, "110105001", "110105002", "110101",
                                       "这个街道的名字比放得下的要长得多得多得多得多得多得多"};
    int64_t day = day_of("2026-02-27");
    for (int64_t n = 0; n < 3; n++)
        for (size_t i = 0; (row = registry_at(district.divisions, i)); i++)
            for (size_t k = 0; k < ARRAY_LENGTH(told); k++) {
                struct span code = registry_cell(district.divisions, row, "code");
                struct district_place is =
                    district_place(&district, code, span_of(told[k]), day + n);
                struct district_place must = district_place(&bare, code, span_of(told[k]), day + n);
                if (is.state != must.state || !same(is.community, must.community) ||
                    !same(is.street, must.street) || !same(is.told_street, must.told_street))
                    fail_msg("%.*s in %s", SPAN_ARG(code), told[k] ? told[k] : "-");
            }
    for (int64_t n = 0; n < 3; n++)
        for (size_t i = 0; (row = registry_at(district.types, i)); i++) {
            struct span code = registry_cell(district.types, row, "code");
            struct district_type is = district_type(&district, code, day + n),
                                 must = district_type(&bare, code, day + n);
            if (!same(is.level, must.level) || !same(is.unit, must.unit) ||
                !same(is.limit_class, must.limit_class) || !same(is.name, must.name) ||
                is.code_count != must.code_count)
                fail_msg("%.*s", SPAN_ARG(code));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_that_of_its_day),
        cmocka_unit_test(a_type_is_that_of_its_day),
        cmocka_unit_test(texts_that_read_alike_are_not_one_place),
        cmocka_unit_test(all_places_and_types_are_as_if_nothing_were_kept),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
