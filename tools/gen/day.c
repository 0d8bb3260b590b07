/* SPDX-License-Identifier: Apache-2.0 */
/* Lives are drawn one after the other until they bring about the wanted number of events; only then
 * are they put in order of time and numbered, so that numbers rise as a real source's do. */
#include "gen/day.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "gen/item.h"
#include "gen/observe.h"

#define REASON_BYTES   65536
#define MOST_OF_A_LIFE 20 /* events; what is left at the end goes straight on */

static int by_opening(const void *a, const void *b)
{
    const struct life *x = a, *y = b;
    if (x->opened_ms != y->opened_ms)
        return x->opened_ms < y->opened_ms ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_sending(const void *a, const void *b)
{
    const struct day_item *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->life != y->life)
        return x->life < y->life ? -1 : 1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : (int)x->stage - (int)y->stage;
}

static void draw_lives(struct day *day, int64_t events)
{
    struct arena arena;
    arena_init(&arena, REASON_BYTES);
    int64_t wanted = events;
    for (size_t index = 0; wanted > 0; index++) {
        if (day->life_count == day->life_capacity) {
            day->life_capacity = day->life_capacity ? 2 * day->life_capacity : 1024;
            day->lives = xrealloc(day->lives, day->life_capacity * sizeof *day->lives);
        }
        struct life *life = &day->lives[day->life_count++];
        life_plan(life, &day->frame, day->pool, index, day->lives, wanted > MOST_OF_A_LIFE, &arena);
        life_trim(life, (size_t)wanted);
        wanted -= (int64_t)life_events(life);
    }
    arena_fini(&arena);
    qsort(day->lives, day->life_count, sizeof *day->lives, by_opening);
    day->position = xcalloc(day->life_count + 1, sizeof *day->position);
    for (size_t i = 0; i < day->life_count; i++)
        day->position[day->lives[i].index] = i;
}

void day_add_item(struct day *day, int64_t at_ms, size_t life, enum day_item_kind kind,
                  enum life_stage stage)
{
    if (at_ms == TIMESTAMP_NONE)
        return;
    if (day->item_count == day->item_capacity) {
        day->item_capacity = day->item_capacity ? 2 * day->item_capacity : 4096;
        day->items = xrealloc(day->items, day->item_capacity * sizeof *day->items);
    }
    day->items[day->item_count++] = (struct day_item){at_ms, at_ms, life, kind, stage};
}

static void add_items(struct day *day, size_t index)
{
    const struct life *life = &day->lives[index];
    day_add_item(day, life->sent_ms, index, DAY_ROW, LIFE_STAGES);
    if (life->fault != LIFE_SOUND)
        return;
    for (enum life_stage stage = LIFE_SIGNED; stage < LIFE_STAGES; stage++)
        if (!life->told[stage])
            day_add_item(day, life->moment[stage], index,
                         stage == LIFE_CLOSED ? DAY_ROW : DAY_STATUS, stage);
    for (enum life_stage stage = LIFE_SIGNED; stage < LIFE_CLOSED; stage++)
        day_add_item(day, life->turn.first[stage], index, DAY_FIRST, stage);
    day_add_item(day, life->turn.asked_ms, index, DAY_ASKED, LIFE_STAGES);
    day_add_item(day, life->turn.said_ms, index, DAY_SAID, LIFE_STAGES);
    day_add_item(day, life->turn.ended_ms, index, DAY_ENDED, LIFE_STAGES);
    day_add_item(day, life->review.at_ms, index, DAY_REVIEW, LIFE_STAGES);
    day_add_item(day, life->corrected_ms, index, DAY_ROW, LIFE_STAGES);
    day_add_item(day, life->foreign_ms, index, DAY_FOREIGN, LIFE_RESOLVED);
    day_add_item(day, life->garbled_ms, index, DAY_GARBLED, LIFE_SIGNED);
    day_add_item(day, life->repeated_ms, index, DAY_ROW, LIFE_STAGES);
    if (life->repeated_ms != TIMESTAMP_NONE)
        day->items[day->item_count - 1].revision_ms = life->sent_ms;
}

static struct day_unit *unit_of(struct day_sums *sums, struct span code)
{
    for (size_t i = 0; i < sums->unit_count; i++)
        if (span_equal(sums->units[i].code, code))
            return &sums->units[i];
    if (sums->unit_count == DAY_MOST_UNITS)
        return &sums->units[DAY_MOST_UNITS - 1];
    sums->units[sums->unit_count].code = code;
    return &sums->units[sums->unit_count++];
}

static void count_turn(struct day_sums *sums, const struct life_turn *turn)
{
    for (size_t i = 0; i < LIFE_STAGES; i++)
        sums->statuses += turn->first[i] != TIMESTAMP_NONE;
    sums->statuses += turn->asked_ms != TIMESTAMP_NONE;
    sums->desk += (turn->said_ms != TIMESTAMP_NONE) + (turn->ended_ms != TIMESTAMP_NONE);
    sums->disputed += turn->kind == TURN_DISPUTED || turn->kind == TURN_UPHELD;
    sums->upheld += turn->kind == TURN_UPHELD;
    sums->held += turn->kind == TURN_HELD && turn->said_ms != TIMESTAMP_NONE;
    sums->reopened += turn->kind == TURN_REOPENED;
    sums->merged += turn->kind == TURN_MERGED;
}

/* A child is nobody's until its parent is done, and then whose that was. */
static struct span lead_of(const struct day *day, const struct life *life)
{
    if (life->turn.kind != TURN_MERGED)
        return life->lead;
    const struct life *parent = &day->lives[day->position[life->turn.parent]];
    return parent->moment[LIFE_RESOLVED] != TIMESTAMP_NONE ? parent->lead : SPAN("");
}

static void count_life(struct day *day, const struct life *life)
{
    struct day_sums *sums = &day->sums;
    if (life->fault != LIFE_SOUND) {
        sums->rejects[life->fault]++;
        return;
    }
    struct day_unit *unit = unit_of(sums, lead_of(day, life));
    bool closed = life->moment[LIFE_CLOSED] != TIMESTAMP_NONE;
    bool overdue = life_overdue(life, &day->frame, sums->last_ms);
    sums->events += (int64_t)life_events(life);
    sums->causes[life->cause]++;
    sums->exported += life->sent_ms != life->opened_ms;
    sums->opened++;
    sums->closed += closed;
    sums->overdue += overdue;
    sums->adopted += life->names_lead;
    sums->again += life->again;
    sums->reviewed += life->review.at_ms != TIMESTAMP_NONE;
    count_turn(sums, &life->turn);
    sums->foreign += life->foreign_ms != TIMESTAMP_NONE;
    sums->repeats += life->repeated_ms != TIMESTAMP_NONE;
    sums->corrections += life->corrected_ms != TIMESTAMP_NONE;
    sums->rejects[LIFE_FAULTS] += life->garbled_ms != TIMESTAMP_NONE;
    for (enum life_stage stage = LIFE_SIGNED; stage < LIFE_CLOSED; stage++)
        sums->statuses += life->moment[stage] != TIMESTAMP_NONE && !life->told[stage];
    unit->opened++;
    unit->closed += closed;
    unit->overdue += overdue;
    if (life->review.at_ms != TIMESTAMP_NONE && life->review.valid) {
        unit->valid++;
        unit->solved += life->review.solved;
    }
}

static void count(struct day *day)
{
    struct day_sums *sums = &day->sums;
    if (day->item_count)
        sums->last_ms = life_received(&day->frame, day->items[day->item_count - 1].at_ms);
    for (size_t i = 0; i < day->life_count; i++)
        count_life(day, &day->lives[i]);
    for (size_t i = 0; i <= LIFE_FAULTS; i++)
        sums->rejected += sums->rejects[i];
    sums->items = (int64_t)day->item_count;
    sums->accepted = sums->items - sums->rejected;
}

struct day *day_new(const struct life_day *frame, const struct pool *pool, int64_t events)
{
    struct day *day = xcalloc(1, sizeof *day);
    day->frame = *frame;
    day->pool = pool;
    life_day_init(&day->frame, pool);
    draw_lives(day, events);
    for (size_t i = 0; i < day->life_count; i++)
        add_items(day, i);
    if (day->frame.span.days)
        observe_add(day);
    qsort(day->items, day->item_count, sizeof *day->items, by_sending);
    count(day);
    return day;
}

void day_free(struct day *day)
{
    free(day->lives);
    free(day->items);
    free(day->position);
    free(day);
}

bool day_write(const struct day *day, FILE *out)
{
    struct item_writer *writer = item_writer_new();
    struct strbuf line;
    strbuf_init(&line, 4096, 65536);
    for (size_t i = 0; i < day->item_count; i++) {
        strbuf_reset(&line);
        item_write(writer, &line, day, &day->items[i]);
        if (fwrite(line.at, 1, line.len, out) != line.len)
            break;
    }
    strbuf_fini(&line);
    item_writer_free(writer);
    return fflush(out) == 0 && !ferror(out);
}

static void add_number(struct strbuf *out, const char *name, int64_t value)
{
    strbuf_addf(out, "%s\"%s\":%lld", out->at[out->len - 1] == '{' ? "" : ",", name,
                (long long)value);
}

/* What a span of days has besides: its scenes and how many orders came of each. */
static void add_span(struct strbuf *out, const struct day *day)
{
    static const char *const causes[LIFE_CAUSES] = {"usual", "burst", "heating", "rain"};
    const struct life_span *span = &day->frame.span;
    const struct pool_place *place = &day->pool->places[span->heating_place];
    add_number(out, "days", span->days);
    add_number(out, "observations", day->sums.observations);
    add_number(out, "exported_at_night", day->sums.exported);
    add_number(out, "silent_from", span->silent_from_ms);
    add_number(out, "heating_from", span->heating_from_ms);
    strbuf_addf(out, ",\"heating_street\":\"%.*s\"", SPAN_ARG(place->street));
    add_number(out, "rain_from", span->rain_from_ms);
    add_number(out, "rain_to", span->rain_to_ms);
    strbuf_add(out, SPAN(",\"causes\":{"));
    for (size_t i = 0; i < LIFE_CAUSES; i++)
        add_number(out, causes[i], day->sums.causes[i]);
    strbuf_add_char(out, '}');
}

static void add_turns(struct strbuf *out, const struct day_sums *sums)
{
    add_number(out, "disputed", sums->disputed);
    add_number(out, "upheld", sums->upheld);
    add_number(out, "held", sums->held);
    add_number(out, "reopened", sums->reopened);
    add_number(out, "merged", sums->merged);
    add_number(out, "desk", sums->desk);
}

void day_write_sums(const struct day *day, struct strbuf *out)
{
    static const char *const faults[LIFE_FAULTS + 1] = {"",
                                                        "unknown_code",
                                                        "bad_date",
                                                        "bad_identity",
                                                        "missing_field",
                                                        "time_in_future",
                                                        "bad_charset",
                                                        "unknown_stage"};
    const struct day_sums *sums = &day->sums;
    strbuf_add_char(out, '{');
    add_number(out, "items", sums->items);
    add_number(out, "accepted", sums->accepted);
    add_number(out, "rejected", sums->rejected);
    add_number(out, "events", sums->events);
    add_number(out, "opened", sums->opened);
    add_number(out, "closed", sums->closed);
    add_number(out, "statuses", sums->statuses);
    add_number(out, "foreign", sums->foreign);
    add_number(out, "repeats", sums->repeats);
    add_number(out, "corrections", sums->corrections);
    add_number(out, "adopted", sums->adopted);
    add_number(out, "again", sums->again);
    add_number(out, "reviewed", sums->reviewed);
    add_turns(out, sums);
    add_number(out, "overdue", sums->overdue);
    if (day->frame.span.days)
        add_span(out, day);
    add_number(out, "begins", day->frame.begins_ms);
    add_number(out, "ends", sums->last_ms);
    strbuf_addf(out, ",\"silent_station\":\"%.*s\",\"rejects\":{",
                SPAN_ARG(day->pool->stations[day->frame.silent]));
    for (size_t i = 1; i <= LIFE_FAULTS; i++)
        add_number(out, faults[i], sums->rejects[i]);
    strbuf_add(out, SPAN("},\"units\":{"));
    for (size_t i = 0; i < sums->unit_count; i++) {
        const struct day_unit *unit = &sums->units[i];
        strbuf_addf(out, "%s\"%.*s\":{", i ? "," : "", SPAN_ARG(unit->code));
        add_number(out, "opened", unit->opened);
        add_number(out, "closed", unit->closed);
        add_number(out, "overdue", unit->overdue);
        add_number(out, "valid", unit->valid);
        add_number(out, "solved", unit->solved);
        strbuf_add_char(out, '}');
    }
    strbuf_add(out, SPAN("}}\n"));
}
