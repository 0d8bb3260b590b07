/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the order's own day: whoever reads it a year later reads what was so then. */
#include "router/core/reason.h"

#include <string.h>

#include "base/base.h"
#include "router/core/decide.h"

#define MOST_BYTES ((size_t)1024)

enum word { LEAD, GUIDE, COPIES, OTHERS, STREET, COMMUNITY, TYPE, CLASS, NAMED, WORDS };
static const char *const words[WORDS] = {"lead",      "guide", "copies", "others", "street",
                                         "community", "type",  "class",  "named"};

struct text {
    char at[MOST_BYTES];
    size_t len;
};

/* A reason is cut where a character begins. */
static void add(struct text *text, struct span piece)
{
    size_t room = sizeof text->at - text->len;
    size_t len = piece.len < room ? piece.len : room;
    while (len > 0 && len < piece.len && ((unsigned char)piece.at[len] & 0xC0) == 0x80)
        len--;
    if (len)
        memcpy(text->at + text->len, piece.at, len);
    text->len += len;
}

static void add_unit(struct text *text, struct span unit, const struct facts *facts, bool more)
{
    if (more)
        add(text, SPAN("、"));
    add(text, district_unit_name(facts->district, unit, facts->day));
}

static void add_place(struct text *text, struct span code, const struct facts *facts)
{
    if (code.at)
        add(text, district_place_name(facts->district, code, facts->day));
}

static void add_word(struct text *text, enum word word, const struct decision *decision,
                     const struct facts *facts)
{
    switch (word) {
    case LEAD: add_unit(text, decision->lead, facts, false); break;
    case GUIDE:
        if (decision->guide.at)
            add_unit(text, decision->guide, facts, false);
        break;
    case COPIES:
        for (size_t i = 0; i < decision->copy_count; i++)
            add_unit(text, decision->copies[i], facts, i > 0);
        break;
    case OTHERS:
        for (size_t i = 0; i < decision->alternative_count; i++)
            add_unit(text, decision->alternatives[i].unit, facts, i > 0);
        break;
    case STREET: add_place(text, facts->place.street, facts); break;
    case COMMUNITY: add_place(text, facts->place.community, facts); break;
    case TYPE: add(text, facts->type.name); break;
    case CLASS: add(text, decision->limit_class); break;
    case NAMED: add(text, facts->order->lead); break;
    case WORDS: break;
    }
}

/* "{word}" at the front of the pattern, taken off; WORDS where it is none of ours. */
static enum word take_word(struct span *pattern, struct span *name)
{
    ptrdiff_t close = span_find(*pattern, '}');
    *name = SPAN_NONE;
    if (close < 0)
        return WORDS;
    *name = span_from(pattern->at + 1, (size_t)close - 1);
    *pattern = span_from(pattern->at + close + 1, pattern->len - (size_t)close - 1);
    for (int i = 0; i < WORDS; i++)
        if (span_is(*name, words[i]))
            return (enum word)i;
    return WORDS;
}

/* Text up to the next '{', taken off. */
static struct span take_text(struct span *pattern)
{
    ptrdiff_t open = span_find(*pattern, '{');
    size_t len = open < 0 ? pattern->len : (size_t)open;
    struct span text = span_from(pattern->at, len);
    *pattern = span_from(pattern->at + len, pattern->len - len);
    return text;
}

bool reason_write(struct span *reason, struct span pattern, const struct decision *decision,
                  const struct facts *facts, struct arena *arena)
{
    struct text text = {.len = 0};
    struct span name;
    while (pattern.len) {
        add(&text, take_text(&pattern));
        if (!pattern.len)
            break;
        add_word(&text, take_word(&pattern, &name), decision, facts);
        if (!name.at)
            break; /* a brace that nobody closes: `check` refuses it */
    }
    *reason = arena_copy(arena, span_from(text.at, text.len));
    return reason->at != NULL;
}

void reason_check(struct span pattern, struct place place, struct diagnostics *diagnostics)
{
    struct span name;
    while (pattern.len) {
        char word[64];
        take_text(&pattern);
        if (!pattern.len || take_word(&pattern, &name) != WORDS)
            continue;
        if (!name.at) {
            diagnostics_add(diagnostics, place, "write {lead}", "a { that no } closes");
            return;
        }
        const char *near = diagnostics_nearest(span_to_cstr(name, word, sizeof word), words, WORDS);
        diagnostics_add(diagnostics, place,
                        "lead, guide, copies, others, street, community, type, class or named",
                        "nothing fills in {%s}%s%s", word, near ? "; did you mean " : "",
                        near ? near : "");
    }
}
