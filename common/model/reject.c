/* SPDX-License-Identifier: Apache-2.0 */
/* The table's three columns. */
#include "model/reject.h"

#include <stdbool.h>
#include <stdio.h>

static const char *const names[] = {
#define REJECT_NAME(id, name, zh, en) [REJECT_##id] = (name),
    REJECT_TABLE(REJECT_NAME)
#undef REJECT_NAME
};
static const char *const chinese[] = {
#define REJECT_ZH(id, name, zh, en) [REJECT_##id] = (zh),
    REJECT_TABLE(REJECT_ZH)
#undef REJECT_ZH
};
static const char *const english[] = {
#define REJECT_EN(id, name, zh, en) [REJECT_##id] = (en),
    REJECT_TABLE(REJECT_EN)
#undef REJECT_EN
};

const char *reject_name(enum reject reject)
{
    return names[reject];
}

const char *reject_chinese(enum reject reject)
{
    return chinese[reject];
}

const char *reject_english(enum reject reject)
{
    return english[reject];
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
