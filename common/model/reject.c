/* SPDX-License-Identifier: Apache-2.0 */
/* The table's columns, and the sentence made of them. */
#include "model/reject.h"

#include <stdbool.h>
#include <stdio.h>

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

/* The field as its sender knows it: without the pointer's slashes. */
static struct span field_of(const struct reject_place *why)
{
    struct span field = span_of(why->pointer);
    if (span_starts(field, SPAN("/data/")))
        return span_from(field.at + 6, field.len - 6);
    return span_starts(field, SPAN("/")) ? span_from(field.at + 1, field.len - 1) : field;
}

struct span reject_say(char buffer[REJECT_SENTENCE], enum language language, int64_t row,
                       const struct reject_place *why)
{
    bool in_english = language == LANGUAGE_ENGLISH;
    char field[sizeof why->pointer + 16] = "", column[48] = "";
    struct span name = field_of(why);
    if (name.len > 0)
        snprintf(field, sizeof field, in_english ? ", \"%.*s\"" : "“%.*s”", SPAN_ARG(name));
    if (why->column > 0)
        snprintf(column, sizeof column, in_english ? " (column %ld)" : "（第 %ld 列）",
                 why->column);
    snprintf(buffer, REJECT_SENTENCE, in_english ? "Record %lld%s%s: %s" : "第 %lld 条%s%s：%s",
             (long long)row, field, column,
             in_english ? reject_english(why->reject) : reject_chinese(why->reject));
    return span_of(buffer);
}
