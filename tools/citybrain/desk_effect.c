/* SPDX-License-Identifier: Apache-2.0 */
/* Three topics are asked again and again, each for one case, from the moment before it was said,
 * until the router has committed past the event: what comes of it is in that same transaction. */
#include "citybrain/desk_effect.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "citybrain/verb.h"
#include "kafka/lag.h"
#include "kafka/log_search.h"

#define MOST_FOUND  16
#define ARENA_BYTES (4 << 20)
#define BEFORE_MS   60000 /* clocks being what they are */
#define PAUSE_US    300000

struct effect {
    struct span event_id, case_id;
    const char *answers;
    struct json_reader *reader;
    struct arena arena;
    const struct json_value *found[MOST_FOUND]; /* events and receipts */
    struct span text[MOST_FOUND];
    size_t found_count;
    int32_t partition; /* of the event on `events`; */
    int64_t offset;    /* -1 = it is not there yet */
    bool refused;      /* by a receipt */
    bool ended;        /* the desk's order is over because of it */
    bool overtaken;    /* the order that it answers is over because of something else */
};

static int64_t wall_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct json_value *keep(struct effect *effect, struct span json)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    struct span copy = arena_copy(&effect->arena, json);
    bool good = copy.at && effect->found_count < MOST_FOUND &&
                json_read(effect->reader, copy, &effect->arena, &value, &bad_at) == REJECT_NONE;
    if (!good)
        return NULL;
    effect->text[effect->found_count] = copy;
    effect->found[effect->found_count++] = value;
    return value;
}

static bool names(struct span text, struct span id)
{
    for (size_t i = 0; i + id.len <= text.len; i++)
        if (memcmp(text.at + i, id.at, id.len) == 0)
            return true;
    return false;
}

/* Ours is its cause; or it is what was said, read back. */
static bool take_event(void *context, const struct record *record)
{
    struct effect *effect = context;
    size_t mark = effect->arena.used;
    const struct json_value *event =
        names(record->value, effect->event_id) ? keep(effect, record->value) : NULL;
    if (event && span_equal(json_text(event, "id"), effect->event_id)) {
        effect->partition = record->partition;
        effect->offset = record->offset;
    }
    if (event && !span_equal(json_text(event, "causationid"), effect->event_id)) {
        effect->found_count--;
        arena_rewind(&effect->arena, mark);
    }
    return false;
}

static bool take_receipt(void *context, struct span json)
{
    struct effect *effect = context;
    if (names(json, effect->event_id) && keep(effect, json))
        effect->refused = true;
    return effect->refused;
}

/* An order is over by the event whose id it has, or that it names as its cause. */
static bool is_over_by(const struct json_value *order, struct span event_id)
{
    struct span kind = json_text(order, "kind");
    bool over = span_is(kind, "ended") || span_is(kind, "recalled") || span_is(kind, "merged");
    return over && (span_equal(json_text(order, "id"), event_id) ||
                    span_equal(json_text(order, "cause"), event_id));
}

static bool take_order(void *context, struct span json)
{
    struct effect *effect = context;
    const struct json_value *order = NULL;
    size_t bad_at, mark = effect->arena.used;
    if (json_read(effect->reader, json, &effect->arena, &order, &bad_at) != REJECT_NONE)
        return false;
    struct span kind = json_text(order, "kind");
    bool is_it = span_is(json_text(order, "id"), effect->answers);
    bool reminds = span_is(kind, "nudged") || span_is(kind, "overdue") || span_is(kind, "copied");
    effect->ended |= is_over_by(order, effect->event_id);
    if (is_it || !reminds) /* the newest that is no reminder says what is asked */
        effect->overtaken = !is_it;
    arena_rewind(&effect->arena, mark);
    return false;
}

/* True once the router's position lies behind the event. */
static bool router_has_read(const struct effect *effect, const struct kafka_settings *settings)
{
    static const char *const topics[] = {"events"};
    struct kafka_settings router = *settings;
    struct error ignored = {0};
    size_t count = 0;
    bool read = false;
    router.group = "router";
    struct lag *lag = effect->offset >= 0 ? lag_open(&router, &ignored) : NULL;
    bool good = lag && lag_list(lag, topics, 1, &ignored) && lag_ask_committed(lag, &ignored);
    const struct lag_row *rows = good ? lag_rows(lag, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        read |= rows[i].partition == effect->partition && rows[i].position > effect->offset;
    if (lag)
        lag_close(lag);
    return read;
}

static bool look(struct effect *effect, const struct kafka_settings *settings, int64_t from_ms,
                 struct error *error)
{
    struct error ignored = {0};
    arena_reset(&effect->arena);
    effect->found_count = 0;
    if (!log_search_records(settings, "events", effect->case_id, from_ms, take_event, effect,
                            error) ||
        !log_search(settings, "dispatch.desk", effect->case_id, 0, take_order, effect, error))
        return false;
    if (effect->found_count == 0) /* a district without that topic has no receipts */
        (void)!log_search(settings, "receipts.desk", effect->case_id, from_ms, take_receipt, effect,
                          &ignored);
    return true;
}

/* Somebody was faster, and nothing came of this word. */
static bool is_overtaken(const struct effect *effect)
{
    return effect->answers[0] && effect->overtaken && !effect->ended && !effect->refused &&
           effect->found_count == 0;
}

static void show(const struct effect *effect, bool json, FILE *out)
{
    if (json) {
        fprintf(out,
                "{\"event\":\"%.*s\",\"refused\":%s,\"ended\":%s,\"overtaken\":%s,\"effects\":[",
                SPAN_ARG(effect->event_id), effect->refused ? "true" : "false",
                effect->ended ? "true" : "false", is_overtaken(effect) ? "true" : "false");
        for (size_t i = 0; i < effect->found_count; i++)
            fprintf(out, "%s%.*s", i ? "," : "", SPAN_ARG(effect->text[i]));
        fputs("]}\n", out);
        return;
    }
    fprintf(out, "事件\t%.*s\n", SPAN_ARG(effect->event_id));
    for (size_t i = 0; i < effect->found_count; i++) {
        const struct json_value *data = json_get(effect->found[i], SPAN("data"));
        struct span type = json_text(effect->found[i], "type");
        struct span lead = json_text(data ? data : effect->found[i], "lead");
        struct span reason = json_text(data ? data : effect->found[i], "reason");
        fprintf(out, "%s\t%.*s\t%.*s\t%.*s\n", effect->refused ? "回执" : "结果", SPAN_ARG(type),
                SPAN_ARG(lead), SPAN_ARG(reason));
    }
    if (effect->ended)
        fputs("待办\t已了结\n", out);
    else if (is_overtaken(effect))
        fputs("待办\t此前已由他人了结\n", out);
    else if (effect->found_count == 0)
        fputs("结果\t已受理,无后续派单\n", out);
}

/* One look more once the router has read it: the partitions of a transaction are not seen at the
 * same instant. */
static bool is_known(struct effect *effect, const struct kafka_settings *settings, int64_t from_ms,
                     bool *read, struct error *error)
{
    *read = look(effect, settings, from_ms, error);
    bool told = effect->refused || effect->ended;
    if (!*read || (!told && !router_has_read(effect, settings)))
        return false;
    if (!told)
        usleep(PAUSE_US);
    *read = look(effect, settings, from_ms, error);
    return *read;
}

int desk_effect_wait(const struct desk_decision *decision, const char *event_id,
                     const char *answers, int64_t wait_ms, const struct kafka_settings *settings,
                     bool json, FILE *out)
{
    struct effect effect = {.event_id = span_of(event_id),
                            .case_id = span_of(decision->case_id),
                            .answers = answers,
                            .offset = -1,
                            .reader = json_reader_new()};
    struct error error = {0};
    int64_t from_ms = wall_ms(CLOCK_REALTIME) - BEFORE_MS;
    int64_t until_ms = wall_ms(CLOCK_MONOTONIC) + wait_ms;
    bool read, known;
    arena_init(&effect.arena, ARENA_BYTES);
    do {
        known = is_known(&effect, settings, from_ms, &read, &error);
        if (!known && read)
            usleep(PAUSE_US);
    } while (!known && read && wall_ms(CLOCK_MONOTONIC) < until_ms);
    if (known)
        show(&effect, json, out);
    else
        fprintf(stderr,
                "citybrain desk: it was taken as %s, and no effect is seen yet%s%s; see citybrain "
                "why %s, citybrain lag\n",
                event_id, read ? "" : ": ", read ? "" : error.text, decision->case_id);
    bool failed = effect.refused || is_overtaken(&effect);
    json_reader_free(effect.reader);
    arena_fini(&effect.arena);
    return !known ? VERB_UNAVAILABLE : failed ? VERB_FAILED : VERB_OK;
}
