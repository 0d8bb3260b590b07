/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are paired in order. Where two do not agree the nearest pair that does is looked for, so
 * that one line too many is told as one line, not as a difference of everything behind it. */
#include "citybrain/golden_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "model/json_write.h"

#define LOOK_AHEAD 64
#define PATH_BYTES 256

void golden_lines_add(struct golden_lines *lines, const struct json_value *value, int64_t row)
{
    lines->list = xrealloc(lines->list, (lines->count + 1) * sizeof *lines->list);
    lines->list[lines->count++] = (struct golden_line){value, row};
}

void golden_lines_fini(struct golden_lines *lines)
{
    free(lines->list);
    *lines = (struct golden_lines){0};
}

/* `whole`: members of `got` that are not wanted are a difference too. */
static bool agrees(const struct json_value *wanted, const struct json_value *got, bool whole)
{
    if (!got || wanted->type != got->type || wanted->truth != got->truth ||
        !span_equal(wanted->text, got->text) || (whole && wanted->count != got->count))
        return false;
    if (wanted->type == JSON_ARRAY) {
        const struct json_value *b = got->first;
        for (const struct json_value *a = wanted->first; a; a = a->next, b = b ? b->next : NULL)
            if (!agrees(a, b, true))
                return false;
        return b == NULL;
    }
    for (const struct json_value *one = wanted->first; one; one = one->next)
        if (!agrees(one, json_get(got, one->key), whole || span_is(one->key, "data")))
            return false;
    return true;
}

static void show_line(struct strbuf *out, char sign, const char *path,
                      const struct json_value *value)
{
    strbuf_addf(out, "    %c %s%s", sign, path, path[0] ? ": " : "");
    json_write(out, value, true);
    strbuf_add_char(out, '\n');
}

/* Only what differs, each member under its path. */
static void show_members(struct strbuf *out, const char *path, const struct json_value *wanted,
                         const struct json_value *got, bool whole)
{
    if (!got || wanted->type != JSON_OBJECT || got->type != JSON_OBJECT) {
        show_line(out, '-', path, wanted);
        if (got)
            show_line(out, '+', path, got);
        return;
    }
    char below[PATH_BYTES];
    const char *dot = path[0] ? "." : "";
    for (const struct json_value *one = wanted->first; one; one = one->next) {
        const struct json_value *there = json_get(got, one->key);
        bool all = whole || span_is(one->key, "data");
        snprintf(below, sizeof below, "%s%s%.*s", path, dot, SPAN_ARG(one->key));
        if (!agrees(one, there, all))
            show_members(out, below, one, there, all);
    }
    for (const struct json_value *one = whole ? got->first : NULL; one; one = one->next) {
        snprintf(below, sizeof below, "%s%s%.*s", path, dot, SPAN_ARG(one->key));
        if (!json_get(wanted, one->key))
            show_line(out, '+', below, one);
    }
}

/* Of one that came only what says which it is: the whole has members nobody asked for. */
static void show_got(struct strbuf *out, const struct golden_line *line)
{
    static const char *const telling[] = {"type",    "subject",      "case",   "stage", "time",
                                          "trigger", "unit",         "kind",   "why",   "lead",
                                          "rule",    "due_at",       "orders", "data",  "reason",
                                          "pointer", "fault_offset", "column"};
    const struct json_value *inner = line->value->first;
    if (!inner)
        return;
    strbuf_addf(out, "    + %.*s:", SPAN_ARG(inner->key));
    for (size_t i = 0; i < ARRAY_LENGTH(telling); i++) {
        const struct json_value *found = json_get(inner, span_of(telling[i]));
        bool unknown =
            found && (found->type == JSON_STRING || found->type == JSON_NUMBER) &&
            (found->text.len == 0 || span_is(found->text, "-1") || span_is(found->text, "0"));
        if (!found || unknown)
            continue;
        strbuf_addf(out, " %s ", telling[i]);
        json_write(out, found, true);
    }
    strbuf_add_char(out, '\n');
}

static void show_lost(struct strbuf *out, const struct golden_line *wanted)
{
    strbuf_addf(out, "  expected.jsonl line %lld did not come\n", (long long)wanted->row);
    show_line(out, '-', "", wanted->value);
}

static void show_extra(struct strbuf *out, const struct golden_line *got)
{
    strbuf_addf(out, "  row %lld: not expected\n", (long long)got->row);
    show_got(out, got);
}

static void show_changed(struct strbuf *out, const struct golden_line *wanted,
                         const struct golden_line *got)
{
    const struct json_value *a = wanted->value->first, *b = got->value->first;
    strbuf_addf(out, "  row %lld: differs from expected.jsonl line %lld\n", (long long)got->row,
                (long long)wanted->row);
    if (a && b && span_equal(a->key, b->key)) {
        show_members(out, "", a, b, false);
        return;
    }
    show_line(out, '-', "", wanted->value);
    show_got(out, got);
}

/* How many lines of one side to leave out until both agree again; 0 = the two are a changed pair.
 */
static size_t steps(const struct golden_line *fixed, const struct golden_line *list, size_t count,
                    bool list_is_expected)
{
    for (size_t i = 1; i < count && i <= LOOK_AHEAD; i++)
        if (list_is_expected ? agrees(list[i].value, fixed->value, false)
                             : agrees(fixed->value, list[i].value, false))
            return i;
    return 0;
}

size_t golden_diff(const struct golden_lines *expected, const struct golden_lines *got,
                   struct strbuf *out)
{
    size_t e = 0, g = 0, differences = 0;
    while (e < expected->count && g < got->count) {
        const struct golden_line *wanted = &expected->list[e], *came = &got->list[g];
        if (agrees(wanted->value, came->value, false)) {
            e++;
            g++;
            continue;
        }
        size_t extra = steps(wanted, came, got->count - g, false);
        size_t lost = steps(came, wanted, expected->count - e, true);
        if (extra && lost && lost < extra)
            extra = 0;
        else if (extra)
            lost = 0;
        for (size_t i = 0; i < extra; i++)
            show_extra(out, &got->list[g++]);
        for (size_t i = 0; i < lost; i++)
            show_lost(out, &expected->list[e++]);
        if (!extra && !lost)
            show_changed(out, &expected->list[e++], &got->list[g++]);
        differences += extra || lost ? extra + lost : 1;
    }
    differences += expected->count - e + got->count - g;
    for (; e < expected->count; e++)
        show_lost(out, &expected->list[e]);
    for (; g < got->count; g++)
        show_extra(out, &got->list[g]);
    return differences;
}
