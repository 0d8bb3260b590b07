/* SPDX-License-Identifier: Apache-2.0 */
/* A life as text: its settings on a line, then a step a line, each `what name=value...`; a name
 * that is left out is 0. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "life.h"

static const char *const whats[STEP_WHATS] = {"tell", "observe", "tick", "kill", "move", "commit"};
static const char *const units[UNIT_FORMS] = {"none", "lead", "former", "other", "desk", "unknown"};

struct number {
    const char *name;
    size_t offset;
};

#define NUMBER(name, member)                                                                       \
    {                                                                                              \
        (name), offsetof(struct step, member)                                                      \
    }
static const struct number numbers[] = {
    NUMBER("case", case_number), NUMBER("event", event), NUMBER("revision", revision),
    NUMBER("content", content),  NUMBER("other", other), NUMBER("replay", replay),
    NUMBER("part", part),        NUMBER("after", after),
};

static int *number_of(struct step *step, const struct number *number)
{
    return (int *)(void *)((char *)step + number->offset);
}

static void write_step(struct strbuf *out, struct step step, const struct codes *codes)
{
    strbuf_add(out, span_of(whats[step.what]));
    if (step.what == STEP_TELL) {
        struct span stage = codes_text(codes, CODE_STAGE, step.stage);
        struct span party = codes_text(codes, CODE_PARTY, step.party);
        strbuf_addf(out, " kind=%s stage=%.*s", step.kind->code, SPAN_ARG(stage));
        strbuf_addf(out, " party=%.*s unit=%s", SPAN_ARG(party), units[step.unit]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (*number_of(&step, &numbers[i]))
            strbuf_addf(out, " %s=%d", numbers[i].name, *number_of(&step, &numbers[i]));
    if (step.at)
        strbuf_addf(out, " at=%lld", (long long)step.at);
    if (step.recorded)
        strbuf_addf(out, " recorded=%lld", (long long)step.recorded);
    strbuf_add_char(out, '\n');
}

void life_write(struct strbuf *out, const struct life *life, const struct codes *codes)
{
    strbuf_addf(out, "hurry=%d batch=%d compacted=%d\n", life->hurry, life->batch, life->compacted);
    for (size_t i = 0; i < life->count; i++)
        write_step(out, life->steps[i], codes);
}

/* ---- and back ---- */

static int word_of(const char *const *words, int count, struct span text)
{
    for (int i = 0; i < count; i++)
        if (span_is(text, words[i]))
            return i;
    return -1;
}

static bool set_number(struct life *life, struct step *step, struct span name, int64_t value)
{
    int *setting = span_is(name, "hurry")       ? &life->hurry
                   : span_is(name, "batch")     ? &life->batch
                   : span_is(name, "compacted") ? &life->compacted
                                                : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (span_is(name, numbers[i].name))
            setting = number_of(step, &numbers[i]);
    if (setting)
        *setting = (int)value;
    else if (span_is(name, "at"))
        step->at = value;
    else if (span_is(name, "recorded"))
        step->recorded = value;
    return setting || span_is(name, "at") || span_is(name, "recorded");
}

static bool set(struct life *life, struct step *step, struct span name, struct span value,
                const struct kinds *kinds, const struct codes *codes)
{
    int64_t n;
    if (span_is(name, "kind"))
        return (step->kind = kinds_find(kinds, value)) != NULL;
    if (span_is(name, "stage"))
        return (step->stage = codes_number(codes, CODE_STAGE, value)) > 0;
    if (span_is(name, "party"))
        return !value.len || (step->party = codes_number(codes, CODE_PARTY, value)) > 0;
    if (span_is(name, "unit")) {
        int unit = word_of(units, UNIT_FORMS, value);
        step->unit = unit < 0 ? UNIT_NONE : (enum step_unit)unit;
        return unit >= 0;
    }
    return span_to_int64(value, &n) && set_number(life, step, name, n);
}

bool life_read(struct life *life, struct span text, const struct kinds *kinds,
               const struct codes *codes, char bad[128])
{
    while (text.len) {
        struct span line = span_trim(span_cut(&text, '\n'));
        struct step step = {0};
        int what = -1;
        while (line.len) {
            struct span value = span_cut(&line, ' '), word = value;
            struct span name = span_cut(&value, '=');
            if (!value.at)
                what = word_of(whats, STEP_WHATS, word);
            if (value.at ? !set(life, &step, name, value, kinds, codes) : what < 0) {
                snprintf(bad, 128, "%.*s", SPAN_ARG(word));
                return false;
            }
        }
        if (what < 0)
            continue;
        step.what = (enum step_what)what;
        if ((step.what == STEP_TELL && !step.kind) || !life_add(life, step)) {
            snprintf(bad, 128, "a tell without a kind, or too many steps");
            return false;
        }
    }
    return true;
}
