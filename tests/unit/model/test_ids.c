/* SPDX-License-Identifier: Apache-2.0 */
/* Ids against values computed outside this program; the revision letter by letter. */
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
#include "model/ids.h"

static void ids_an_item_by_namespace_number_stage_and_identity(void **state)
{
    (void)state;
    char id[DIGEST_ID_LEN + 1];
    struct span identity[] = {SPAN("a"), SPAN("")};
    ids_event(id, SPAN("bj12345"), SPAN("2026-001"), SPAN("opened"), identity, 2);
    assert_string_equal(id, "GnFQDiUuxZzRBI7cavLIQQ");
    ids_event(id, SPAN("bj12345"), SPAN("2026-001"), SPAN("opened"), NULL, 0);
    assert_string_equal(id, "4ni_D9KMPu8vXKuZftUwYQ");
}

static void tells_items_apart_by_the_last_of_many_identity_values(void **state)
{
    (void)state;
    char one[DIGEST_ID_LEN + 1], other[DIGEST_ID_LEN + 1];
    struct span identity[IDS_MOST_IDENTITY];
    for (size_t i = 0; i < IDS_MOST_IDENTITY; i++)
        identity[i] = SPAN("v");
    ids_event(one, SPAN("n"), SPAN("1"), SPAN("opened"), identity, IDS_MOST_IDENTITY);
    identity[IDS_MOST_IDENTITY - 1] = SPAN("w");
    ids_event(other, SPAN("n"), SPAN("1"), SPAN("opened"), identity, IDS_MOST_IDENTITY);
    assert_string_not_equal(one, other);
}

static void ids_a_decision_by_cause_and_question(void **state)
{
    (void)state;
    char id[DIGEST_ID_LEN + 1];
    ids_decision(id, SPAN("cause"), SPAN("co:u1"));
    assert_string_equal(id, "QIZZnawZbU25mHELIBcFVA");
}

static void writes_the_revision_padded_and_in_order(void **state)
{
    (void)state;
    char revision[REVISION_LEN + 1];
    assert_true(ids_revision(revision, SPAN("42"), 1700000000000, 7, SPAN("{\"a\":1}")));
    assert_string_equal(revision, "00000000000000000042.001700000000000.000007.015abd7f5cc57a2d");
    assert_true(ids_revision(revision, SPAN_NONE, 0, 0, SPAN("{\"a\":1}")));
    assert_string_equal(revision, "00000000000000000000.000000000000000.000000.015abd7f5cc57a2d");
}

static void refuses_a_source_revision_that_is_no_number_or_too_long(void **state)
{
    (void)state;
    char revision[REVISION_LEN + 1];
    assert_false(ids_revision(revision, SPAN("4x"), 1, 1, SPAN("{}")));
    assert_false(ids_revision(revision, SPAN("123456789012345678901"), 1, 1, SPAN("{}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_an_item_by_namespace_number_stage_and_identity),
        cmocka_unit_test(tells_items_apart_by_the_last_of_many_identity_values),
        cmocka_unit_test(ids_a_decision_by_cause_and_question),
        cmocka_unit_test(writes_the_revision_padded_and_in_order),
        cmocka_unit_test(refuses_a_source_revision_that_is_no_number_or_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
