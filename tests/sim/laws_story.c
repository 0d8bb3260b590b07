/* SPDX-License-Identifier: Apache-2.0 */
/* One case, word after word of its log: what its set asks for comes at once, and nothing comes that
 * it does not ask for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "laws.h"
#include "model/case_timer.h"
#include "model/event.h"
#include "router/core/case_decide.h"
#include "router/core/case_pack.h"

#define DAY            (INT64_C(86400) * 1000)
#define MOST_LOOKED_AT 80 /* words of a case: of longer ones nothing is left out */
/* Lines of which no order keeps one out: 240, less the room that is kept for answers (case_set.c).
 */
#define ALL_ENTER 219

bool laws_fail(struct laws *laws, struct span id, const char *format, ...)
{
    va_list args;
    int n = snprintf(laws->why, sizeof laws->why, "%.*s: ", SPAN_ARG(id));
    va_start(args, format);
    vsnprintf(laws->why + n, sizeof laws->why - (size_t)n, format, args);
    va_end(args);
    return false;
}

struct span laws_member(struct span json, const char *name)
{
    const char *at = memmem(json.at, json.len, name, strlen(name));
    struct span rest = at ? span_from(at + strlen(name), (size_t)(json.at + json.len - at)) : json;
    if (!at)
        return SPAN_NONE;
    rest.len -= strlen(name);
    return span_cut(&rest, '"');
}

static void count_firing(struct laws *laws, const struct world_record *record)
{
    const struct triggers *triggers = laws->rules->bundle->triggers;
    struct span name = laws_member(record->value, "\"trigger\":\"");
    cover_word(laws->cover, COVER_FIRINGS);
    for (size_t i = 0; i < triggers_count(triggers) && i < COVER_MOST_TRIGGERS; i++)
        laws->cover->triggers[i] += span_is(name, triggers_at(triggers, i)->name);
}

static struct story *story_of(struct laws *laws, struct span id)
{
    for (size_t i = 0; i < laws->count; i++)
        if (span_equal(laws->stories[i].id, id))
            return &laws->stories[i];
    if (laws->count == LAWS_MOST_STORIES)
        return NULL;
    struct span rest = id;
    struct story *story = &laws->stories[laws->count++];
    *story = (struct story){.id = id, .newest_ms = TIMESTAMP_NONE, .fold.quiet = true};
    story->kind = kinds_find(laws->rules->kinds, span_cut(&rest, ':'));
    return story;
}

static const char *stage_of(const struct story *story, const struct case_line *line)
{
    int index = case_kind_stage_number(story->kind, line->stage);
    return index < 0 ? "" : story->kind->stages[index].name;
}

static struct story_arrival *next_arrival(struct laws *laws, struct story *story)
{
    if (story->arrivals == story->room) {
        struct story_arrival *old = story->arrived;
        story->room = old ? 2 * story->room : 16;
        story->arrived = arena_take(&laws->arena, story->room * sizeof *old);
        if (old)
            memcpy(story->arrived, old, story->arrivals * sizeof *old);
    }
    return &story->arrived[story->arrivals++];
}

static void note_counted(struct story *story)
{
    if (story->arrivals > MOST_LOOKED_AT)
        return;
    for (size_t i = 0; i < story->set.count; i++)
        for (size_t n = 0; story->fold.effect[i] == LINE_COUNTS && n < story->arrivals; n++)
            if (span_equal(story->arrived[n].line.id, story->set.lines[i].id))
                story->arrived[n].counted = true;
}

/* Puts it into the set and folds. */
static enum case_set_result put(struct laws *laws, struct story *story,
                                const struct world_record *record, const struct case_line *line)
{
    enum case_set_result result = case_set_merge(&story->set, line, story->kind, &laws->arena);
    if (result == CASE_SET_TOO_LONG || story->set.count >= 230) {
        story->crowded = true;
        laws->cover->words[COVER_TOO_LONG] += result == CASE_SET_TOO_LONG;
    }
    if (result == CASE_SET_TOO_LONG || result == CASE_SET_NO_MEMORY ||
        story->arrivals == LAWS_MOST_ARRIVALS)
        return CASE_SET_TOO_LONG;
    *next_arrival(laws, story) =
        (struct story_arrival){.line = *line,
                               .step = record->step,
                               .ours = record->ours,
                               .woke = story->fold.quiet || !story->fold.has_opened};
    if (result == CASE_SET_CHANGED) {
        case_fold(&story->fold, &story->set, story->kind, laws->rules->codes);
        note_counted(story);
    }
    return result;
}

/* ---- what we said ---- */

static bool hear_lead(struct laws *laws, struct story *story, const struct case_line *line)
{
    static const enum cover_word words[] = {COVER_LEADS, COVER_SECOND_LEADS, COVER_THIRD_LEADS};
    if (!story->asked && !story->family)
        return laws_fail(laws, story->id, "a lead that nobody asked for (cause %.*s)",
                         SPAN_ARG(line->attribute[CASE_CAUSE]));
    if (!span_equal(line->attribute[CASE_CAUSE], story->fold.cause_id) && !story->family)
        return laws_fail(laws, story->id, "a lead because of %.*s, asked for by %.*s",
                         SPAN_ARG(line->attribute[CASE_CAUSE]), SPAN_ARG(story->fold.cause_id));
    if (!line->attribute[CASE_LEAD].len)
        return laws_fail(laws, story->id, "dispatched to nobody");
    story->asked = false;
    cover_word(laws->cover, words[story->leads < 2 ? story->leads : 2]);
    story->leads++;
    return true;
}

static bool hear_timer(struct laws *laws, const struct story *story, const struct case_line *line)
{
    const struct case_fold *fold = &story->fold;
    const struct case_line *lead = laws_line(story, fold->cause_id);
    if (laws->clock_ms == TIMESTAMP_NONE)
        return laws_fail(laws, story->id, "a timer without a tick");
    if (lead && case_decide_is_ours(story->kind, lead)) { /* docs/decisions/0057 */
        if (line->time_ms > laws->clock_ms)
            return laws_fail(laws, story->id, "a timer before the moment it waits for");
    } else if (laws->clock_ms > line->time_ms) {
        return laws_fail(laws, story->id, "a timer before its tick");
    }
    if (fold->closed || fold->resolution_ms != TIMESTAMP_NONE)
        return laws_fail(laws, story->id, "a timer of a case that was over");
    if (fold->parent.at)
        return laws_fail(laws, story->id, "a timer of a child");
    cover_word(laws->cover, COVER_TIMERS);
    return true;
}

/* With the timer's line in its set: who reads that alone knows what it waited for. */
static bool hear_moment(struct laws *laws, const struct story *story, const struct case_line *line)
{
    size_t at = 0;
    while (at < story->set.count && !span_equal(story->set.lines[at].id, line->id))
        at++;
    int64_t due_ms = case_timer_fired_ms(&story->set, &story->fold, story->kind, at);
    if (due_ms == TIMESTAMP_NONE)
        return laws_fail(laws, story->id, "the moment of a timer that its id does not prove");
    if (due_ms > laws->clock_ms)
        return laws_fail(laws, story->id, "a timer that waited for what is still to come");
    return true;
}

/* Answers to what was said and then corrected are corrected under the same id. */
static bool may_be_corrected(const char *stage)
{
    return strcmp(stage, "amended") == 0 || strcmp(stage, "co_assigned") == 0 ||
           strcmp(stage, "escalated") == 0;
}

static bool hear_ours(struct laws *laws, struct story *story, const struct world_record *record,
                      const struct case_line *line)
{
    const char *stage = stage_of(story, line);
    bool timer = strcmp(stage, "nudged") == 0 || strcmp(stage, "overdue") == 0;
    const struct case_line *before = laws_line(story, line->id);
    if (before && !story->forgotten && !may_be_corrected(stage))
        return laws_fail(laws, story->id, "%s twice under one id", stage);
    if (before && case_line_compare_revision(before->revision, line->revision) >= 0)
        return laws_fail(laws, story->id, "%s again, and not of a later revision", stage);
    if (story->fold.quiet && !story->crowded)
        return laws_fail(laws, story->id, "%s of a case of history alone", stage);
    if (story->silent && !story->crowded && !story->family)
        return laws_fail(laws, story->id, "%s because of what was known word for word", stage);
    if (strcmp(stage, "dispatched") == 0 && !story->crowded && !hear_lead(laws, story, line))
        return false;
    if (timer && !story->crowded && !hear_timer(laws, story, line))
        return false;
    enum case_set_result result = put(laws, story, record, line);
    if (result == CASE_SET_TOO_LONG)
        return true; /* what it was told before and had no room for it does not have */
    if (result != CASE_SET_CHANGED)
        return laws_fail(laws, story->id, "%s, for which there is no room", stage);
    if (timer && !story->crowded && !story->family && !hear_moment(laws, story, line))
        return false;
    if (strcmp(stage, "dispatched") != 0)
        return true;
    /* what was told before its turn may ask at once */
    story->asked = laws_asks_lead(laws, story);
    return true;
}

/* ---- what was told ---- */

static void count_told(struct laws *laws, struct story *story, const struct case_line *line,
                       bool known, enum case_set_result result)
{
    int64_t late = line->recorded_ms - line->time_ms;
    struct cover *cover = laws->cover;
    cover_word(cover, COVER_TOLD);
    cover->words[COVER_LATE_DAYS] += late > DAY && late <= 30 * DAY;
    cover->words[COVER_LATE_MONTHS] += late > 30 * DAY;
    cover->words[COVER_AHEAD] += late < 0;
    cover->words[COVER_CORRECTED] += known && result == CASE_SET_CHANGED;
    cover->words[COVER_STALE] += known && result == CASE_SET_UNCHANGED;
    cover->words[COVER_OUT_OF_ORDER] +=
        !known && story->newest_ms != TIMESTAMP_NONE && line->time_ms < story->newest_ms;
    if (line->time_ms > story->newest_ms)
        story->newest_ms = line->time_ms;
    for (size_t i = 0; i + 1 < story->arrivals && known; i++) {
        const struct case_line *old = &story->arrived[i].line;
        if (span_equal(old->id, line->id) && span_equal(old->revision, line->revision)) {
            cover_word(cover, COVER_REPEATED);
            break;
        }
    }
}

/* A correction says what is right, and never to whom it goes; but it may take a child from its
 * parent, and a child is with whoever did the parent's work. */
static bool check_correction(struct laws *laws, const struct story *story,
                             const struct case_fold *before)
{
    const struct case_fold *now = &story->fold;
    bool same = before->dispatched && now->dispatched && !before->parent.at &&
                span_equal(before->cause_id, now->cause_id) &&
                span_equal(before->dispatched_id, now->dispatched_id);
    if (same && !span_equal(before->lead, now->lead))
        return laws_fail(laws, story->id, "a correction moved the lead from %.*s to %.*s",
                         SPAN_ARG(before->lead), SPAN_ARG(now->lead));
    return true;
}

static bool hear_told(struct laws *laws, struct story *story, const struct world_record *record,
                      const struct case_line *line)
{
    struct case_fold before = story->fold;
    bool known = laws_line(story, line->id) != NULL, first = story->arrivals == 0;
    story->family |= record->ours && record->by == PASS_CASES;
    if (story->asked && !story->family && !story->crowded)
        return laws_fail(laws, story->id, "%.*s asked for a lead, and none came",
                         SPAN_ARG(story->fold.cause_id));
    enum case_set_result result = put(laws, story, record, line);
    count_told(laws, story, line, known, result);
    if (result == CASE_SET_TOO_LONG)
        return true;
    story->silent = result == CASE_SET_UNCHANGED;
    story->asked = laws_asks_lead(laws, story) && !story->silent;
    story->was_closed |= story->fold.closed;
    laws->cover->words[COVER_WOKEN] += !first && before.quiet && !story->fold.quiet;
    laws->cover->words[COVER_HEAD_CAME_LATE] +=
        !first && !before.has_opened && story->fold.has_opened;
    return !known || first || check_correction(laws, story, &before);
}

/* Of what we said: what the other half said, and what cases say to each other. */
static bool is_told(const struct story *story, const struct world_record *record,
                    const struct case_line *line)
{
    const char *stage = stage_of(story, line);
    return record->by == PASS_WINDOWS || line->attribute[CASE_VIA].at ||
           strcmp(stage, "child_added") == 0 || strcmp(stage, "child_removed") == 0 ||
           strcmp(stage, "unmerged") == 0;
}

bool laws_hear(struct laws *laws, const struct world_record *record)
{
    struct event event;
    struct case_line line;
    if (event_read(laws->reader, record->value, &laws->arena, &event) != REJECT_NONE)
        return laws_fail(laws, record->key, "an event that cannot be read");
    if (event.family != EVENT_CASE)
        return true;
    struct story *story = story_of(laws, record->key);
    if (!story)
        return laws_fail(laws, record->key, "more cases than a life can lead to");
    if (case_line_of_event(&event, laws->rules->codes, &laws->arena, &line) != REJECT_NONE)
        return laws_fail(laws, record->key, "an event that cannot be read");
    if (!span_equal(event.subject, record->key))
        return laws_fail(laws, record->key, "the key of another case");
    if (record->ours && record->by == PASS_WINDOWS && laws_line(story, line.id))
        return laws_fail(laws, story->id, "%s fired twice", stage_of(story, &line));
    if (record->ours && record->by == PASS_WINDOWS && strcmp(stage_of(story, &line), "opened") == 0)
        count_firing(laws, record);
    return record->ours && !is_told(story, record, &line) ? hear_ours(laws, story, record, &line)
                                                          : hear_told(laws, story, record, &line);
}

/* A closed case, and one without its opening that waits for nothing else. */
static bool is_forgotten(const struct laws *laws, const struct story *story)
{
    const struct timers_rules *rules = &laws->rules->timers;
    if (story->fold.closed)
        return story->fold.closure_ms + rules->forget_after_ms <= laws->clock_ms;
    if (story->fold.has_opened || !story->set.count)
        return false;
    struct timers_next next = timers_next(&story->set, &story->fold, story->kind, rules);
    return next.timer == TIMERS_FORGET && next.due_ms <= laws->clock_ms;
}

void laws_tick(struct laws *laws, int32_t partition)
{
    for (size_t i = 0; i < laws->count; i++) {
        struct story *story = &laws->stories[i];
        if (world_partition(story->id) != partition)
            continue;
        story->silent = false;
        if (!is_forgotten(laws, story))
            continue;
        story->forgotten = true; /* what comes now begins it anew */
        story->set.count = story->arrivals = 0;
        case_fold(&story->fold, &story->set, story->kind, laws->rules->codes);
        cover_word(laws->cover, COVER_FORGOTTEN);
    }
}

/* ---- at the end ---- */

static uint64_t roll(struct laws *laws, uint64_t below)
{
    laws->state ^= laws->state << 13;
    laws->state ^= laws->state >> 7;
    laws->state ^= laws->state << 17;
    return laws->state % below;
}

/* The same lines in another order, some of them twice. */
static bool check_order(struct laws *laws, const struct story *story)
{
    struct case_set set = {0};
    size_t count = story->arrivals;
    size_t *order = arena_take(&laws->arena, 2 * (count + 1) * sizeof *order);
    size_t total = count;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = 0; i < count / 3; i++)
        order[total++] = roll(laws, count);
    for (size_t i = total; i > 1; i--) {
        size_t with = roll(laws, i), kept = order[i - 1];
        order[i - 1] = order[with];
        order[with] = kept;
    }
    for (size_t i = 0; i < total; i++)
        (void)case_set_merge(&set, &story->arrived[order[i]].line, story->kind, &laws->arena);
    strbuf_reset(&laws->text);
    strbuf_reset(&laws->other);
    case_set_write(&laws->text, &story->set, laws->rules->codes);
    case_set_write(&laws->other, &set, laws->rules->codes);
    if (!span_equal(strbuf_span(&laws->text), strbuf_span(&laws->other)))
        return laws_fail(laws, story->id, "the set hangs on the order of its lines");
    return true;
}

static bool is_same_case(const struct case_fold *a, const struct case_fold *b,
                         const struct case_kind *kind)
{
    bool same =
        a->has_opened == b->has_opened && a->dispatched == b->dispatched &&
        a->closed == b->closed && a->adopted == b->adopted && a->stage == b->stage &&
        a->opened_ms == b->opened_ms && a->dispatched_ms == b->dispatched_ms &&
        a->response_ms == b->response_ms && a->resolution_ms == b->resolution_ms &&
        a->closure_ms == b->closure_ms && a->recorded_ms == b->recorded_ms &&
        a->due_ms == b->due_ms && a->rounds == b->rounds && span_equal(a->lead, b->lead) &&
        span_equal(a->type_code, b->type_code) && span_equal(a->street_code, b->street_code) &&
        span_equal(a->community_code, b->community_code) &&
        span_equal(a->limit_class, b->limit_class) && span_equal(a->rule, b->rule) &&
        span_equal(a->opened_id, b->opened_id) && span_equal(a->dispatched_id, b->dispatched_id) &&
        span_equal(a->cause_id, b->cause_id) && a->happened == b->happened && a->seen == b->seen &&
        span_equal(a->lead_cause_id, b->lead_cause_id) &&
        span_equal(a->named_lead, b->named_lead) && a->old_lead_count == b->old_lead_count &&
        a->disputes == b->disputes && span_equal(a->dispute_id, b->dispute_id) &&
        a->designated == b->designated && a->held == b->held && a->excluded == b->excluded &&
        span_equal(a->level, b->level) && a->paused_ms == b->paused_ms &&
        a->pause_count == b->pause_count && a->co_count == b->co_count &&
        a->sub_count == b->sub_count;
    return same && memcmp(a->stage_ms, b->stage_ms, kind->stage_count * sizeof a->stage_ms[0]) == 0;
}

/* Whoever may not make a move, or makes it when it cannot be, changes nothing that is counted. */
static bool check_moves(struct laws *laws, const struct story *story)
{
    static struct case_fold fold;
    struct case_set set = {0};
    if (!case_set_make_room(&set, story->set.count, &laws->arena))
        return laws_fail(laws, story->id, "no room");
    for (size_t i = 0; i < story->set.count; i++)
        if (story->fold.effect[i] == LINE_COUNTS)
            set.lines[set.count++] = story->set.lines[i];
    case_fold(&fold, &set, story->kind, laws->rules->codes);
    if (!is_same_case(&story->fold, &fold, story->kind))
        return laws_fail(laws, story->id, "lines without effect have one");
    return true;
}

/* What the router keeps: all of it, or of a case that once was closed a part of it. */
static bool check_state(struct laws *laws, const struct story *story, const struct world *world)
{
    struct span state = world_state(world, story->id);
    struct case_set kept;
    size_t lines = 0, found = 0;
    if (state.len > CASE_SET_MAX_BYTES)
        return laws_fail(laws, story->id, "its state has %zu bytes", state.len);
    if (!case_pack_read(&kept, state, &laws->arena))
        return laws_fail(laws, story->id, "its state cannot be read");
    strbuf_reset(&laws->other);
    case_set_write(&laws->other, &kept, laws->rules->codes);
    struct span rest = strbuf_span(&laws->other);
    while (rest.len) {
        struct span line = span_cut(&rest, '\n');
        lines++;
        for (size_t i = 0; i < story->set.count; i++) {
            strbuf_reset(&laws->text);
            case_line_write(&laws->text, &story->set.lines[i], laws->rules->codes);
            found += span_equal(strbuf_span(&laws->text), line);
        }
    }
    if (lines > CASE_SET_MAX_LINES)
        return laws_fail(laws, story->id, "its state has %zu lines", lines);
    /* of a line that was cut off an older copy may have come since */
    if (found != lines && !story->crowded && !story->was_closed)
        return laws_fail(laws, story->id, "its state has lines that nobody told");
    if (lines != story->set.count && !story->was_closed && !story->crowded)
        return laws_fail(laws, story->id, "its state lacks what was told: %zu of %zu lines", lines,
                         story->set.count);
    laws->cover->words[COVER_STUBS] += lines < story->set.count;
    return true;
}

/* Whatever was due by the last tick has been said. */
static bool check_due(struct laws *laws, const struct story *story)
{
    const struct case_fold *fold = &story->fold;
    bool waits = fold->has_opened && !fold->quiet && !fold->closed && fold->dispatched &&
                 !fold->parent.at && fold->resolution_ms == TIMESTAMP_NONE &&
                 fold->due_ms != TIMESTAMP_NONE && fold->due_ms <= laws->clock_ms;
    int held = case_kind_stage(story->kind, SPAN("held"));
    bool stood = held >= 0 && fold->stage_ms[held] != TIMESTAMP_NONE;
    for (size_t i = 0; waits && i < story->set.count; i++)
        if (strcmp(stage_of(story, &story->set.lines[i]), "overdue") == 0)
            return true;
    if (waits && !stood && !story->crowded)
        return laws_fail(laws, story->id, "overdue, and nobody says so");
    return true;
}

bool laws_rest(struct laws *laws, struct span id, struct span state)
{
    struct span rest = id;
    struct story story = {.id = id, .kind = kinds_find(laws->rules->kinds, span_cut(&rest, ':'))};
    if (!state.at || !story.kind)
        return true; /* forgotten, or no case's */
    if (!case_pack_read(&story.set, state, &laws->arena))
        return laws_fail(laws, id, "its state cannot be read");
    case_fold(&story.fold, &story.set, story.kind, laws->rules->codes);
    if (story.set.count < 230 && laws_asks_lead(laws, &story))
        return laws_fail(laws, id, "%.*s asks for a lead still", SPAN_ARG(story.fold.cause_id));
    return true;
}

bool laws_end(struct laws *laws, struct story *story, const struct world *world)
{
    for (size_t i = 0; i < story->set.count; i++)
        cover_line(laws->cover, laws->rules->kinds, story->kind,
                   case_kind_stage_number(story->kind, story->set.lines[i].stage),
                   story->set.lines[i].party, (enum line_effect)story->fold.effect[i]);
    cover_word(laws->cover, COVER_CASES);
    laws->cover->words[COVER_QUIET_AT_THE_END] += story->fold.quiet;
    laws->cover->words[COVER_HEADLESS] += !story->fold.has_opened;
    if (story->asked && !story->family && !story->crowded)
        return laws_fail(laws, story->id, "%.*s asked for a lead, and none came",
                         SPAN_ARG(story->fold.cause_id));
    if (!laws_rest(laws, story->id, world_state(world, story->id)))
        return false;
    bool whole = story->crowded || story->set.count > ALL_ENTER;
    return (whole || check_order(laws, story)) && check_moves(laws, story) &&
           check_state(laws, story, world) && check_due(laws, story) &&
           laws_desk(laws, story, world) && laws_duty(laws, story, world);
}
