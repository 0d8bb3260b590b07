/* SPDX-License-Identifier: Apache-2.0 */
/* What a file's name says, and which names say that it is not finished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/file_terms.h"

static const struct {
    const char *name;
    enum mapping_format format;
    bool fits;
    enum charset charset;
    enum framing_form form;
} rows[] = {
    {"orders.csv", MAPPING_CSV, true, CHARSET_GB18030, FRAMING_CSV},
    {"orders", MAPPING_CSV, true, CHARSET_GB18030, FRAMING_CSV},
    {"orders.txt", MAPPING_CSV, true, CHARSET_GB18030, FRAMING_CSV},
    {"orders.utf8.csv", MAPPING_CSV, true, CHARSET_UTF8, FRAMING_CSV},
    {"ORDERS.UTF-8.CSV", MAPPING_CSV, true, CHARSET_UTF8, FRAMING_CSV},
    {"orders.2026.csv", MAPPING_CSV, true, CHARSET_GB18030, FRAMING_CSV},
    {"utf8.csv", MAPPING_CSV, true, CHARSET_GB18030, FRAMING_CSV},
    {"orders.json", MAPPING_CSV, false, CHARSET_GB18030, FRAMING_CSV},
    {"orders.jsonl", MAPPING_CSV, false, CHARSET_GB18030, FRAMING_CSV},
    {"orders.json", MAPPING_NDJSON, true, CHARSET_GB18030, FRAMING_ARRAY},
    {"orders.ndjson", MAPPING_JSON, true, CHARSET_GB18030, FRAMING_LINES},
    {"orders.JSONL", MAPPING_JSON, true, CHARSET_GB18030, FRAMING_LINES},
    {"orders", MAPPING_JSON, true, CHARSET_GB18030, FRAMING_ARRAY},
    {"orders.txt", MAPPING_NDJSON, true, CHARSET_GB18030, FRAMING_LINES},
    {"orders.csv", MAPPING_NDJSON, false, CHARSET_GB18030, FRAMING_LINES},
};

static void a_name_says_charset_and_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const struct mapping mapping = {.format = rows[i].format, .charset = CHARSET_GB18030};
        struct file_terms terms;
        assert_int_equal(file_terms_read(&terms, span_of(rows[i].name), &mapping), rows[i].fits);
        assert_int_equal(terms.charset, rows[i].charset);
        assert_int_equal(terms.form, rows[i].form);
    }
}

static void an_unfinished_name_is_known(void **state)
{
    static const char *const unfinished[] = {
        "",       ".orders.csv", "orders.csv.part", "a.TMP",
        "a.csv~", "a.filepart",  "a.crdownload",    "a.partial"};
    static const char *const finished[] = {"orders.csv", "part", "tmp.csv", "a.parts", "工单.csv"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(unfinished); i++)
        assert_true(file_terms_is_unfinished(span_of(unfinished[i])));
    for (size_t i = 0; i < ARRAY_LENGTH(finished); i++)
        assert_false(file_terms_is_unfinished(span_of(finished[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_charset_and_form),
        cmocka_unit_test(an_unfinished_name_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
