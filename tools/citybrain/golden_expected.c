/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/golden_expected.h"

#include <stdio.h>

#define PATH_BYTES 1024

void golden_result_init(struct golden_result *result)
{
    *result = (struct golden_result){0};
    strbuf_init(&result->why, 1024, 1 << 20);
    strbuf_init(&result->written, 1024, GOLDEN_ARENA_BYTES);
}

void golden_result_fini(struct golden_result *result)
{
    strbuf_fini(&result->why);
    strbuf_fini(&result->written);
}

void golden_result_judge(struct golden_result *result, struct golden_lines *expected,
                         struct golden_lines *got, bool broken)
{
    result->lines = got->count;
    if (!broken)
        result->differences = golden_diff(expected, got, &result->why);
    result->verdict = broken                ? GOLDEN_UNREADABLE
                      : result->why.len > 0 ? GOLDEN_DIFFERS
                                            : GOLDEN_AS_WRITTEN;
    golden_lines_fini(expected);
    golden_lines_fini(got);
}

bool golden_expected_file(const char *path, struct strbuf *into)
{
    char piece[65536];
    size_t len;
    FILE *in = fopen(path, "rb");
    strbuf_reset(into);
    if (!in)
        return false;
    while ((len = fread(piece, 1, sizeof piece, in)) > 0)
        strbuf_add(into, span_from(piece, len));
    bool whole = !ferror(in) && !strbuf_is_full(into);
    fclose(in);
    return whole;
}

/* {"event": {…}}: one member, a known word, an object. */
static bool is_line(const struct golden_expected *expected, const struct json_value *value)
{
    const struct json_value *inner = value && value->type == JSON_OBJECT ? value->first : NULL;
    if (!inner || inner->type != JSON_OBJECT || inner->next)
        return false;
    for (const char *const *word = expected->words; *word; word++)
        if (span_is(inner->key, *word))
            return true;
    return false;
}

static bool refuse(const struct golden_expected *expected, int64_t number, struct strbuf *why)
{
    strbuf_addf(why, "  expected.jsonl line %lld is neither", (long long)number);
    for (const char *const *word = expected->words; *word; word++)
        strbuf_addf(why, "%s {\"%s\": {…}}", word == expected->words ? "" : " nor", *word);
    strbuf_add_char(why, '\n');
    return false;
}

bool golden_expected_read(const struct golden_expected *expected, const char *folder,
                          struct golden_lines *lines, struct strbuf *why)
{
    char path[PATH_BYTES];
    int64_t number = 0;
    bool good = true;
    snprintf(path, sizeof path, "%s/expected.jsonl", folder);
    if (!golden_expected_file(path, expected->file)) {
        strbuf_add(why, SPAN("  no expected.jsonl; what came:\n"));
        return true;
    }
    struct span rest = strbuf_span(expected->file);
    while (rest.at) {
        struct span line = span_trim(span_cut(&rest, '\n'));
        const struct json_value *value = NULL;
        size_t bad_at;
        number++;
        if (line.len == 0)
            continue;
        struct span kept = arena_copy(expected->arena, line);
        if (kept.at &&
            json_read(expected->reader, kept, expected->arena, &value, &bad_at) == REJECT_NONE &&
            is_line(expected, value))
            golden_lines_add(lines, value, number);
        else
            good = refuse(expected, number, why);
    }
    return good;
}

bool golden_expected_write(const char *folder, const struct golden_result *result,
                           struct error *error)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/expected.jsonl", folder);
    FILE *out = fopen(path, "wb");
    bool good =
        out && fwrite(result->written.at, 1, result->written.len, out) == result->written.len;
    good = (!out || fclose(out) == 0) && good;
    return good || error_set(error, ERROR_REFUSED, 0, "%s cannot be written", path);
}
