/* SPDX-License-Identifier: Apache-2.0 */
/* A case as the ordered lines of its events. Promises that, within the limits, merging the same
 * lines in any order and any number of times gives the same text: the greater revision has the
 * content, and where two contents claim one revision a fixed order among contents decides.
 * Lines are borrowed as they come: their texts must live as long as the set. */
#include "model/case_set.h"

#include <string.h>

#include "base/timestamp.h"

#define OPEN_TO_ALL    240 /* lines; behind them what ends or begins a round, and its decision */
#define NUMBER_BYTES   13  /* 64 bits in base 36 */
#define OWN_LINE_BYTES 512 /* a router's line: ids, codes, a unit */
#define SPARE_LINES    4   /* taken along, so that merging a few takes no more */
#define MOST_ANSWERS   2   /* to one line: a recall and a decision */
#define MOST_OWED      16  /* to all: what never gets its answer does not fill the case */
/* What a case without its opening waits for: the question where it is, the opening, its decision.
 */
#define HEAD_LINES 3

bool case_set_make_room(struct case_set *set, size_t more, struct arena *arena)
{
    if (set->count + more <= set->capacity)
        return true;
    size_t capacity = 2 * set->count + more + SPARE_LINES;
    struct case_line *lines = arena_take_raw(arena, capacity * sizeof *lines);
    if (!lines)
        return false;
    if (set->count)
        memcpy(lines, set->lines, set->count * sizeof *lines);
    set->lines = lines;
    set->capacity = capacity;
    return true;
}

static size_t count_lines(struct span text)
{
    size_t lines = text.len > 0;
    for (struct span rest = text; rest.len; lines += rest.at != NULL)
        span_cut(&rest, '\n');
    return lines;
}

bool case_set_read(struct case_set *set, struct span text, const struct codes *codes,
                   struct arena *arena)
{
    *set = (struct case_set){0};
    if (!case_set_make_room(set, count_lines(text) + 1, arena))
        return false;
    while (text.len) {
        if (set->count == CASE_SET_MAX_LINES ||
            !case_line_read(span_cut(&text, '\n'), codes, arena, &set->lines[set->count]))
            return false;
        set->count++;
    }
    return true;
}

static int compare_text(struct span a, struct span b)
{
    if (!a.at || !b.at)
        return (a.at != NULL) - (b.at != NULL);
    return span_compare(a, b);
}

static int compare_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Everything that one event says; `live` and `recorded_ms` are of its copies. */
static int compare_content(const struct case_line *a, const struct case_line *b)
{
    int order = case_line_compare_revision(a->revision, b->revision);
    if (!order)
        order = compare_int(a->time_ms, b->time_ms);
    if (!order)
        order = compare_int(a->stage, b->stage);
    if (!order)
        order = compare_int(a->party, b->party);
    if (!order)
        order = compare_text(a->unit, b->unit);
    for (int i = 0; !order && i < CASE_ATTRIBUTES; i++)
        order = compare_text(a->attribute[i], b->attribute[i]);
    return order;
}

static int rank_of(const struct case_line *line, const struct case_kind *kind)
{
    int index = case_kind_stage_number(kind, line->stage);
    return index < 0 ? INT32_MAX : kind->stages[index].rank;
}

static int compare_place(const struct case_line *a, const struct case_line *b,
                         const struct case_kind *kind)
{
    int order = compare_int(a->time_ms, b->time_ms);
    if (!order)
        order = compare_int(rank_of(a, kind), rank_of(b, kind));
    return order ? order : span_compare(a->id, b->id);
}

static bool asks_desk(const struct kind_stage *stage)
{
    return stage->meaning == MEANS_DISPUTED || strcmp(stage->name, "hold_requested") == 0;
}

/* Lines that the router may say because of it: a recall and a decision, a decision, an answer, a
 * question to the desk. */
static size_t answers_to(const struct kind_stage *stage, const struct case_line *line,
                         const struct case_kind *kind)
{
    size_t index = (size_t)(stage - kind->stages);
    if (line->party == kind->party.router && stage->after)
        return 0;
    if (stage->new_lead)
        return 2;
    return !stage->after || kind_stage_begins_anew(stage) || stage->meaning == MEANS_MERGED ||
           asks_desk(stage) || (kind->asking >> index & 1);
}

static const struct kind_stage *stage_of(const struct case_line *line, const struct case_kind *kind)
{
    int index = case_kind_stage_number(kind, line->stage);
    return index < 0 ? NULL : &kind->stages[index];
}

/* Of the answers that the line entered with the room for, those that are not there. `also`: a line
 * that is about to enter, or NULL. */
static size_t unanswered(const struct case_set *set, const struct case_line *line,
                         const struct case_line *also, const struct case_kind *kind)
{
    const struct kind_stage *stage = stage_of(line, kind);
    size_t owed = stage ? answers_to(stage, line, kind) : 0;
    for (size_t i = 0; i <= set->count && owed; i++) {
        const struct case_line *one = i < set->count ? &set->lines[i] : also;
        bool answers = one && one->party == kind->party.router && one->attribute[CASE_CAUSE].at &&
                       span_equal(one->attribute[CASE_CAUSE], line->id);
        owed -= answers;
    }
    return owed;
}

/* Of what a case without its opening waits for. */
static size_t owed_head(const struct case_set *set, const struct case_line *also,
                        const struct case_kind *kind)
{
    bool asked = false;
    for (size_t i = 0; i <= set->count; i++) {
        const struct case_line *line = i < set->count ? &set->lines[i] : also;
        const struct kind_stage *stage = line ? stage_of(line, kind) : NULL;
        if (stage && !stage->after)
            return 0;
        asked |= stage && stage->meaning == MEANS_ESCALATED && line->party == kind->party.router;
    }
    return HEAD_LINES - asked;
}

/* Lines that may still be said because of those that are there, as far as room is kept for them,
 * and because of `also`. */
static size_t owed_lines(const struct case_set *set, const struct case_line *also,
                         const struct case_kind *kind)
{
    size_t owed = 0;
    for (size_t i = 0; i < set->count && owed < MOST_OWED; i++)
        owed += unanswered(set, &set->lines[i], also, kind);
    owed = owed < MOST_OWED ? owed : MOST_OWED;
    return owed + owed_head(set, also, kind) + (also ? unanswered(set, also, NULL, kind) : 0);
}

/* It is one of those. */
static bool is_owed(const struct case_set *set, const struct case_line *line,
                    const struct case_kind *kind)
{
    struct span cause = line->attribute[CASE_CAUSE];
    bool ours = line->party == kind->party.router && cause.at;
    for (size_t i = 0; i < set->count && ours; i++)
        if (span_equal(set->lines[i].id, cause))
            return unanswered(set, &set->lines[i], NULL, kind) > 0;
    return false;
}

/* A line enters with the room for what is said because of it, or not at all, and what others
 * entered with stays theirs: so whoever has the log has the same set, the router that answers at
 * once as well as the aggregator that reads the answer behind what came meanwhile. */
static bool may_enter(const struct case_set *set, const struct case_line *line,
                      const struct case_kind *kind)
{
    const struct kind_stage *stage = stage_of(line, kind);
    size_t lines = set->count + 1;
    if (lines + MOST_OWED + HEAD_LINES + MOST_ANSWERS <= OPEN_TO_ALL)
        return true;
    lines += owed_lines(set, line, kind);
    if (lines <= OPEN_TO_ALL)
        return true;
    return stage && lines <= CASE_SET_MAX_LINES &&
           (stage->counts_as == COUNTS_RESOLUTION || stage->counts_as == COUNTS_CLOSURE ||
            stage->new_round || stage->meaning == MEANS_DISPATCHED || is_owed(set, line, kind));
}

static size_t escaped_len(struct span text)
{
    size_t len = text.len;
    for (size_t i = 0; i < text.len; i++)
        len += text.at[i] == '|' || text.at[i] == '\\' || text.at[i] == '\n';
    return len;
}

/* At least what the line takes when written: units and numbers counted at their longest, so that
 * the limit does not hang on a table of codes. */
static size_t most_bytes(const struct case_line *line)
{
    size_t len = escaped_len(line->id) + escaped_len(line->revision) + escaped_len(line->unit) +
                 (size_t)4 * (NUMBER_BYTES + 2) + sizeof "1||||=|v=1\n";
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        len += line->attribute[i].at ? escaped_len(line->attribute[i]) + 3 : 0;
    return len;
}

/* As if every byte were escaped: what fits so, fits. */
static size_t bound_bytes(const struct case_line *line)
{
    size_t len = line->id.len + line->revision.len + line->unit.len;
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        len += line->attribute[i].len + 2;
    return 2 * len + (size_t)4 * (NUMBER_BYTES + 2) + sizeof "1||||=|v=1\n";
}

/* With `line` in the place of the one at `index` (count = behind the last), and the room that is
 * owed. */
static bool fits(const struct case_set *set, size_t index, const struct case_line *line,
                 const struct case_kind *kind)
{
    size_t bound = bound_bytes(line), most = MOST_OWED + HEAD_LINES + MOST_ANSWERS;
    for (size_t i = 0; i < set->count; i++)
        bound += bound_bytes(&set->lines[i]);
    if (bound + most * OWN_LINE_BYTES <= CASE_SET_MAX_BYTES)
        return true;
    size_t owed = owed_lines(set, index == set->count ? line : NULL, kind);
    size_t bytes = most_bytes(line) + owed * OWN_LINE_BYTES;
    for (size_t i = 0; i < set->count; i++)
        bytes += i == index ? 0 : most_bytes(&set->lines[i]);
    return bytes <= CASE_SET_MAX_BYTES;
}

bool case_set_has_room(const struct case_set *set, size_t lines)
{
    size_t bytes = lines * OWN_LINE_BYTES;
    for (size_t i = 0; i < set->count; i++)
        bytes += most_bytes(&set->lines[i]);
    return set->count + lines <= OPEN_TO_ALL && bytes <= CASE_SET_MAX_BYTES;
}

/* Insertion over lines that are in order but for one; after a kind's ranks were changed by its
 * author, over any. */
static void put_in_order(struct case_set *set, const struct case_kind *kind)
{
    for (size_t i = 1; i < set->count; i++) {
        if (compare_place(&set->lines[i - 1], &set->lines[i], kind) <= 0)
            continue;
        struct case_line line = set->lines[i];
        size_t at = i;
        for (; at > 0 && compare_place(&set->lines[at - 1], &line, kind) > 0; at--)
            set->lines[at] = set->lines[at - 1];
        set->lines[at] = line;
    }
}

/* Where the line's cause stands behind it; else its own place. */
static size_t place_of_cause(const struct case_set *set, size_t index)
{
    struct span cause = set->lines[index].attribute[CASE_CAUSE];
    for (size_t i = index; cause.at && i-- > 0;)
        if (span_equal(set->lines[i].id, cause))
            return index;
    for (size_t i = index + 1; cause.at && i < set->count; i++)
        if (span_equal(set->lines[i].id, cause))
            return i;
    return index;
}

/* What was decided stands behind what it was decided because of, also when that is corrected to a
 * later time, or is of the same moment (docs/decisions/0056). From the back, so that two answers to
 * one cause stay in their order; again, until the answers to answers have followed. */
static void put_behind_causes(struct case_set *set)
{
    bool moved = true;
    for (size_t passes = 0; moved && passes < set->count; passes++) {
        moved = false;
        for (size_t i = set->count; i-- > 0;) {
            size_t to = place_of_cause(set, i);
            if (to == i)
                continue;
            struct case_line line = set->lines[i];
            memmove(&set->lines[i], &set->lines[i + 1], (to - i) * sizeof line);
            set->lines[to] = line;
            moved = true;
        }
    }
}

static struct case_line join(const struct case_line *a, const struct case_line *b)
{
    struct case_line line = compare_content(a, b) >= 0 ? *a : *b;
    line.text = SPAN_NONE;
    line.live = a->live || b->live;
    line.recorded_ms = a->recorded_ms < b->recorded_ms ? a->recorded_ms : b->recorded_ms;
    if (a->recorded_ms == TIMESTAMP_NONE || b->recorded_ms == TIMESTAMP_NONE)
        line.recorded_ms = a->recorded_ms == TIMESTAMP_NONE ? b->recorded_ms : a->recorded_ms;
    return line;
}

enum case_set_result case_set_merge(struct case_set *set, const struct case_line *line,
                                    const struct case_kind *kind, struct arena *arena)
{
    size_t index = 0;
    struct case_line merged = *line;
    if (!case_set_make_room(set, 1, arena))
        return CASE_SET_NO_MEMORY;
    while (index < set->count && !span_equal(set->lines[index].id, line->id))
        index++;
    if (index < set->count) {
        const struct case_line *old = &set->lines[index];
        merged = join(old, line);
        if (!compare_content(old, &merged) && old->live == merged.live &&
            old->recorded_ms == merged.recorded_ms)
            return CASE_SET_UNCHANGED;
    } else if (!may_enter(set, line, kind)) {
        return CASE_SET_TOO_LONG;
    }
    if (!fits(set, index, &merged, kind))
        return CASE_SET_TOO_LONG;
    set->lines[index] = merged;
    set->count += index == set->count;
    put_in_order(set, kind);
    put_behind_causes(set);
    return CASE_SET_CHANGED;
}

void case_set_write(struct strbuf *out, const struct case_set *set, const struct codes *codes)
{
    for (size_t i = 0; i < set->count; i++) {
        if (i)
            strbuf_add_char(out, '\n');
        if (set->lines[i].text.at)
            strbuf_add(out, set->lines[i].text);
        else
            case_line_write(out, &set->lines[i], codes);
    }
}
