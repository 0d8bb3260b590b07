/* SPDX-License-Identifier: Apache-2.0 */
/* Three topics are asked again and again, each for one case, from the moment before it was said. */
#include "citybrain/desk_effect.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "citybrain/verb.h"
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
    bool refused; /* by a receipt */
    bool ended;   /* the order that was answered is not the newest any more */
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

/* Ours is its cause. The first member that has the id may be the event's own: that is what was
 * said, read back. */
static bool take_event(void *context, struct span json)
{
    struct effect *effect = context;
    size_t mark = effect->arena.used;
    const struct json_value *event = names(json, effect->event_id) ? keep(effect, json) : NULL;
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

struct asked { /* of this case, as the desk's topic tells it */
    struct desk_duties duties;
    struct span case_id;
};

static bool take_order(void *context, struct span json)
{
    struct asked *asked = context;
    return !desk_duties_take(&asked->duties, asked->case_id, json);
}

static bool look_at_order(struct effect *effect, const char *case_id,
                          const struct kafka_settings *settings, struct error *error)
{
    struct asked asked = {.case_id = effect->case_id};
    desk_duties_init(&asked.duties);
    bool good =
        log_search(settings, "dispatch.desk", effect->case_id, 0, take_order, &asked, error);
    const struct desk_duty_item *item = desk_duties_find(&asked.duties, case_id);
    effect->ended =
        good && !(item && item->open && names(span_of(item->order), span_of(effect->answers)));
    desk_duties_fini(&asked.duties);
    return good;
}

static bool look(struct effect *effect, const char *case_id, const struct kafka_settings *settings,
                 int64_t from_ms, struct error *error)
{
    struct error ignored = {0};
    arena_reset(&effect->arena);
    effect->found_count = 0;
    if (!log_search(settings, "events", effect->case_id, from_ms, take_event, effect, error))
        return false;
    if (effect->answers[0] && !look_at_order(effect, case_id, settings, error))
        return false;
    if (effect->found_count == 0) /* a district without that topic has no receipts */
        (void)!log_search(settings, "receipts.desk", effect->case_id, from_ms, take_receipt, effect,
                          &ignored);
    return true;
}

static void show(const struct effect *effect, bool json, FILE *out)
{
    if (json) {
        fprintf(out, "{\"event\":\"%.*s\",\"refused\":%s,\"ended\":%s,\"effects\":[",
                SPAN_ARG(effect->event_id), effect->refused ? "true" : "false",
                effect->ended ? "true" : "false");
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
}

int desk_effect_wait(const struct desk_decision *decision, const char *event_id,
                     const char *answers, int64_t wait_ms, const struct kafka_settings *settings,
                     bool json, FILE *out)
{
    struct effect effect = {.event_id = span_of(event_id),
                            .case_id = span_of(decision->case_id),
                            .answers = answers,
                            .reader = json_reader_new()};
    struct error error = {0};
    int64_t from_ms = wall_ms(CLOCK_REALTIME) - BEFORE_MS;
    int64_t until_ms = wall_ms(CLOCK_MONOTONIC) + wait_ms;
    bool read, done;
    arena_init(&effect.arena, ARENA_BYTES);
    do {
        read = look(&effect, decision->case_id, settings, from_ms, &error);
        done = effect.refused || effect.ended || (!answers[0] && effect.found_count > 0);
        if (!done && read)
            usleep(PAUSE_US);
    } while (!done && read && wall_ms(CLOCK_MONOTONIC) < until_ms);
    if (done)
        show(&effect, json, out);
    else
        fprintf(stderr,
                "citybrain desk: it was taken as %s, and no effect is seen yet%s%s; see citybrain "
                "why %s, citybrain lag\n",
                event_id, read ? "" : ": ", read ? "" : error.text, decision->case_id);
    json_reader_free(effect.reader);
    arena_fini(&effect.arena);
    return !done ? VERB_UNAVAILABLE : effect.refused ? VERB_FAILED : VERB_OK;
}
