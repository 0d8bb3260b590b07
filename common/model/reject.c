/* SPDX-License-Identifier: Apache-2.0 */
/* The table's columns, and the sentence made of them. */
#include "model/reject.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/utf8.h"

#define WANTED 128

static const struct reject_text texts[REJECT_COUNT] = {
#define REJECT_ROW(id, ...) [REJECT_##id] = {__VA_ARGS__},
    REJECT_TABLE(REJECT_ROW)
#undef REJECT_ROW
};

const struct reject_text *reject_text(enum reject reject)
{
    return &texts[reject];
}

const char *reject_name(enum reject reject)
{
    return texts[reject].name;
}

enum reject reject_find(struct span name)
{
    for (int i = REJECT_NONE + 1; i < REJECT_COUNT; i++)
        if (span_is(name, texts[i].name))
            return (enum reject)i;
    return REJECT_NONE;
}

const char *reject_chinese(enum reject reject)
{
    return texts[reject].zh;
}

const char *reject_english(enum reject reject)
{
    return texts[reject].en;
}

void reject_point_at(struct reject_place *why, struct span pointer)
{
    utf8_fit(why->pointer, sizeof why->pointer, pointer);
}

/* The field as its sender knows it: without the pointer's slashes. */
static struct span field_of(const struct reject_place *why)
{
    struct span field = span_of(why->pointer);
    if (span_starts(field, SPAN("/data/")))
        return span_from(field.at + 6, field.len - 6);
    return span_starts(field, SPAN("/")) ? span_from(field.at + 1, field.len - 1) : field;
}

/* What a header lacks; "" of everything else. */
static void say_wanted(char text[WANTED], bool in_english, const struct reject_place *why)
{
    char wanted[sizeof why->pointer];
    text[0] = '\0';
    if (!why->wanted)
        return;
    utf8_fit(wanted, sizeof wanted, span_of(why->wanted));
    snprintf(text, WANTED, in_english ? "; \"%s\" is missing" : "；缺少“%s”", wanted);
}

struct span reject_say_where(char buffer[REJECT_SENTENCE], enum language language,
                             const struct reject_place *why)
{
    bool in_english = language == LANGUAGE_ENGLISH;
    char column[48] = "", wanted[WANTED];
    struct span name = field_of(why);
    say_wanted(wanted, in_english, why);
    if (why->column > 0)
        snprintf(column, sizeof column, in_english ? " (column %ld)" : "（第 %ld 列）",
                 why->column);
    snprintf(buffer, REJECT_SENTENCE, in_english ? "\"%.*s\"%s%s" : "“%.*s”%s%s", SPAN_ARG(name),
             column, wanted);
    return name.len > 0 ? span_of(buffer) : SPAN_NONE;
}

struct span reject_say(char buffer[REJECT_SENTENCE], enum language language, int64_t row,
                       const struct reject_place *why)
{
    bool in_english = language == LANGUAGE_ENGLISH;
    char record[48], where[REJECT_SENTENCE], wanted[WANTED];
    struct reject_place found = *why;
    found.wanted = NULL;
    struct span place = reject_say_where(where, language, &found);
    say_wanted(wanted, in_english, why);
    snprintf(record, sizeof record, in_english ? "Record %lld" : "第 %lld 条", (long long)row);
    if (row == 0 && why->reject == REJECT_HEADER)
        snprintf(record, sizeof record, in_english ? "Header" : "表头");
    snprintf(buffer, REJECT_SENTENCE, "%s%s%.*s%s%s%s", record, in_english && place.len ? ", " : "",
             SPAN_ARG(place), in_english ? ": " : "：",
             in_english ? reject_english(why->reject) : reject_chinese(why->reject), wanted);
    return span_of(buffer);
}
