/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's hash is over what would be done: equal counts of other records, or of another range, are
 * another plan; the order in which partitions are read beside each other is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/base.h"
#include "citybrain/replay_report.h"

struct copy {
    int32_t partition;
    int64_t offset;
    const char *header;
};

/* Two first dispatches, whatever the copies are. */
static void hash_of(const struct copy copies[2], const char *range, char hash[DIGEST_ID_LEN + 1])
{
    struct replay_report report;
    replay_report_init(&report);
    report.records = report.fates[REPLAY_FIRST] = 2;
    for (int i = 0; i < 2; i++)
        replay_report_copy(&report, copies[i].partition, copies[i].offset,
                           span_of(copies[i].header));
    replay_report_hash(&report, span_of(range), hash);
    replay_report_fini(&report);
}

static void a_plan_is_of_its_records_and_range(void **state)
{
    static const struct copy plan[2] = {{3, 100, "{\"mapping\":2}"}, {4, 7, "{\"mapping\":2}"}};
    static const struct copy same[2] = {{4, 7, "{\"mapping\":2}"}, {3, 100, "{\"mapping\":2}"}};
    static const struct copy others[][2] = {
        {{3, 101, "{\"mapping\":2}"}, {4, 7, "{\"mapping\":2}"}},  /* another record */
        {{5, 100, "{\"mapping\":2}"}, {4, 7, "{\"mapping\":2}"}},  /* of another partition */
        {{3, 7, "{\"mapping\":2}"}, {4, 100, "{\"mapping\":2}"}},  /* the other way round */
        {{3, 100, "{\"mapping\":3}"}, {4, 7, "{\"mapping\":2}"}}}; /* read by another version */
    char hash[DIGEST_ID_LEN + 1], other[DIGEST_ID_LEN + 1];
    (void)state;
    hash_of(plan, "a", hash);
    hash_of(same, "a", other);
    assert_string_equal(hash, other);
    hash_of(plan, "b", other);
    assert_string_not_equal(hash, other);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        hash_of(others[i], "a", other);
        assert_string_not_equal(hash, other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_of_its_records_and_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
