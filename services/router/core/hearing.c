/* SPDX-License-Identifier: Apache-2.0 */
/* A line is a fact while it counts, was not told by a replay alone, its stage is listened to, the
 * step's predicates hold and every field of the group is there. What lines say themselves comes
 * first, then what their case is told to be: so a correction of an opening moves the facts of all
 * its lines. Lines that neither changed nor stand in a changed case are passed over without a look
 * at their facts; that is most of them. */
#include "router/core/hearing.h"

#include <string.h>

#include "base/timestamp.h"
#include "model/sighting.h"
#include "router/core/emit.h"
#include "router/core/signal.h"

#define MOST_BYTES ((size_t)256 << 10)

void hearing_init(struct hearing *hearing, const struct codes *codes, int32_t partitions)
{
    *hearing = (struct hearing){.codes = codes, .partitions = partitions};
    strbuf_init(&hearing->key, 256, MOST_BYTES);
    strbuf_init(&hearing->value, 1024, MOST_BYTES);
    strbuf_init(&hearing->old_key, 256, MOST_BYTES);
    strbuf_init(&hearing->old_value, 1024, MOST_BYTES);
}

void hearing_fini(struct hearing *hearing)
{
    strbuf_fini(&hearing->key);
    strbuf_fini(&hearing->value);
    strbuf_fini(&hearing->old_key);
    strbuf_fini(&hearing->old_value);
}

bool hearing_matters(const struct hearing *hearing, const struct case_kind *kind)
{
    return hearing->listeners && listeners_of_kind(hearing->listeners, kind)->stages;
}

bool hearing_remember(struct hearing_case *before, const struct hearing_case *now,
                      struct arena *arena)
{
    *before = *now;
    if (!now->count)
        return true;
    struct case_line *lines = arena_take_raw(arena, now->count * sizeof *lines);
    struct case_fold *fold = arena_take_raw(arena, sizeof *fold);
    if (!lines || !fold)
        return false;
    memcpy(lines, now->lines, now->count * sizeof *lines);
    case_fold_copy(fold, now->fold, now->kind, now->count);
    before->lines = lines;
    before->fold = fold;
    return true;
}

/* ---- what an event has to say ---- */

struct asked { /* of a line, or of an event that is no case's */
    const struct hearing *hearing;
    const struct hearing_case *of;
    const struct case_line *line;
    const struct event *event;
    const struct sighting *sighting;
    const struct listener *listener; /* who asks */
    char due[32];                    /* its due time, written */
};

static const struct case_line *opening_of(const struct hearing_case *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (of->fold->has_opened && span_equal(of->lines[i].id, of->fold->opened_id))
            return &of->lines[i];
    return NULL;
}

/* What the line does not say and its case is told to be. */
static struct span of_case(const struct hearing_case *of, int where)
{
    const struct case_fold *fold = of->fold;
    switch (where) {
    case CASE_LEAD: return fold->lead;
    case CASE_CLASS: return fold->limit_class;
    case CASE_TYPE: return fold->type_code;
    case CASE_STREET: return fold->street_code;
    case CASE_COMMUNITY: return fold->community_code;
    case CASE_RULE: return fold->rule;
    default: break;
    }
    if (where >= CASE_FIELD)
        return fold->field[where - CASE_FIELD];
    const struct case_line *opened = where == CASE_REQUEST_KIND ? opening_of(of) : NULL;
    return opened ? opened->attribute[where] : SPAN_NONE;
}

static struct span due_of(struct asked *asked)
{
    struct strbuf text = {
        .at = asked->due, .capacity = sizeof asked->due, .max = sizeof asked->due - 1};
    struct span told = asked->line->attribute[CASE_DUE];
    int64_t ms = asked->of->fold->due_ms;
    if ((told.at && !span_to_int64(told, &ms)) || ms == TIMESTAMP_NONE)
        return SPAN_NONE;
    timestamp_add_rfc3339(&text, ms);
    return strbuf_span(&text);
}

static struct span of_line(struct asked *asked, int where)
{
    const struct case_line *line = asked->line;
    switch (where) {
    case LISTEN_NOWHERE: return SPAN_NONE;
    case LISTEN_CASE: return asked->of->id;
    case LISTEN_STAGE: return codes_text(asked->hearing->codes, CODE_STAGE, line->stage);
    case LISTEN_UNIT: return line->unit;
    case LISTEN_PARTY: return codes_text(asked->hearing->codes, CODE_PARTY, line->party);
    case CASE_DUE: return due_of(asked);
    default: return line->attribute[where].at ? line->attribute[where] : of_case(asked->of, where);
    }
}

static struct span of_event(const struct asked *asked, struct span field)
{
    if (asked->sighting && span_is(field, "station"))
        return asked->sighting->station;
    if (asked->sighting && span_is(field, "via"))
        return asked->sighting->via;
    const struct json_value *value = json_get(asked->event->data, field);
    if (!value)
        return span_is(field, "feed") ? asked->event->feed : SPAN_NONE;
    if (value->type == JSON_BOOL)
        return value->truth ? SPAN("true") : SPAN("false");
    bool said = value->type == JSON_STRING || value->type == JSON_NUMBER;
    return said && value->text.len ? value->text : SPAN_NONE;
}

static struct span value_of(struct asked *asked, struct span field, int where)
{
    return asked->line ? of_line(asked, where) : of_event(asked, field);
}

static struct span asked_by_predicate(void *context, const struct predicate *predicate)
{
    struct asked *asked = context;
    const struct listener *listener = asked->listener;
    size_t index = (size_t)(predicate - listener->step->when.all);
    int where = LISTEN_NOWHERE;
    if (asked->line)
        where = index < LISTENER_MOST_ASKED
                    ? listener->when[index]
                    : listeners_where(predicate->field, asked->hearing->codes);
    return value_of(asked, predicate->field, where);
}

/* ---- one fact ---- */

/* The key; false where the group is not known. */
static bool add_key(struct strbuf *key, const struct listener *listener, struct asked *asked)
{
    const struct trigger *trigger = listener->trigger;
    struct span values[TRIGGER_MOST_GROUP];
    size_t count = listener->step->everywhere ? 0 : trigger->group_count;
    for (size_t i = 0; i < count; i++) {
        values[i] = value_of(asked, trigger->group[i], listener->group[i]);
        if (!values[i].len)
            return false;
    }
    strbuf_reset(key);
    signal_add_group(key, span_of(trigger->name), values, count);
    return !strbuf_is_full(key);
}

static bool add_fact(struct strbuf *key, struct strbuf *value, const struct listener *listener,
                     struct asked *asked, struct signal *signal)
{
    const struct trigger *trigger = listener->trigger;
    asked->listener = listener;
    if (!predicates_hold(&listener->step->when, asked_by_predicate, asked) ||
        !add_key(key, listener, asked))
        return false;
    signal->step = listener->step->key;
    signal->arrived_ms = asked->hearing->arrived_ms;
    signal->counts = true;
    signal->field_count = 0;
    for (size_t i = 0; i < trigger->field_count; i++) {
        struct span text = value_of(asked, trigger->fields[i], listener->fields[i]);
        if (text.len)
            signal->fields[signal->field_count++] = (struct signal_field){trigger->fields[i], text};
    }
    strbuf_reset(value);
    signal_write(value, signal);
    return !strbuf_is_full(value);
}

static void write(struct hearing *hearing, const struct listener *listener, struct span key,
                  struct span value, struct outputs *outputs)
{
    struct output output = {
        .stream = STREAM_SIGNALS, .partition = OUTPUT_BY_KEY, .key = key, .value = value};
    if (!listener->step->everywhere) {
        outputs_add(outputs, &output);
        hearing->written++;
        return;
    }
    for (output.partition = 0; output.partition < hearing->partitions; output.partition++)
        outputs_add(outputs, &output);
    hearing->written += hearing->partitions;
}

/* ---- revisions ---- */

static uint64_t number_of(struct span digits, unsigned base)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
        if (digit >= base)
            return 0;
        if (__builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return UINT64_MAX;
    }
    return sum;
}

/* Of ours; one of another make orders by when it was received. */
static struct signal_revision revision_of(struct span text, unsigned base, int64_t recorded_ms)
{
    struct span rest = text;
    struct span source = rest.at ? span_cut(&rest, '.') : SPAN_NONE;
    struct span received = rest.at ? span_cut(&rest, '.') : SPAN_NONE;
    uint64_t ms = rest.at ? number_of(received, base) : 0;
    if (ms == 0 || ms > INT64_MAX)
        return (struct signal_revision){0, recorded_ms};
    return (struct signal_revision){number_of(source, base), (int64_t)ms};
}

/* ---- a case ---- */

struct told { /* one line as it was, or is */
    const struct hearing_case *of;
    const struct case_line *line; /* NULL = it was not there */
    uint64_t stage;               /* its bit; 0 = it is nobody's fact */
    uint64_t type;                /* the bit of the type it tells, or its case (predicate_bit) */
    struct signal signal;         /* what is the same for all triggers */
};

static uint64_t stage_of(const struct hearing_case *of, const struct case_line *line)
{
    int stage = case_kind_stage_number(of->kind, line->stage);
    bool counts = line->live && of->fold->effect[line - of->lines] == LINE_COUNTS;
    return counts && stage >= 0 ? UINT64_C(1) << stage : 0;
}

static void look_at(struct told *told, const struct hearing_case *of, const struct case_line *line)
{
    told->of = of;
    told->line = line;
    told->stage = line ? stage_of(of, line) : 0;
    told->type = 0;
    if (told->stage) {
        struct span said = line->attribute[CASE_TYPE];
        told->type = predicate_bit(said.at ? said : of_case(of, CASE_TYPE));
    }
    if (line)
        told->signal =
            (struct signal){.id = line->id,
                            .revision = revision_of(line->revision, 36, line->recorded_ms),
                            .time_ms = line->time_ms,
                            .recorded_ms = line->recorded_ms,
                            .subject = of->id};
}

static bool may_be_fact(const struct listener *listener, const struct told *told)
{
    return told->stage & listener->stages && told->type & listener->types;
}

/* What a line was, or is: most lines are no matter of most listeners. */
static bool may_hear(const struct listener *listener, const struct told *was, const struct told *is)
{
    return may_be_fact(listener, was) || may_be_fact(listener, is);
}

static bool is_fact(struct hearing *hearing, const struct listener *listener, struct told *told,
                    struct strbuf *key, struct strbuf *value)
{
    struct asked asked = {.hearing = hearing, .of = told->of, .line = told->line};
    return may_be_fact(listener, told) && add_fact(key, value, listener, &asked, &told->signal);
}

static void take_back(struct hearing *hearing, const struct listener *listener, struct told *now,
                      struct outputs *outputs)
{
    now->signal.step = listener->step->key;
    now->signal.arrived_ms = hearing->arrived_ms;
    now->signal.counts = false;
    now->signal.field_count = 0;
    strbuf_reset(&hearing->old_value);
    signal_write(&hearing->old_value, &now->signal);
    write(hearing, listener, strbuf_span(&hearing->old_key), strbuf_span(&hearing->old_value),
          outputs);
}

/* True: it was taken back. */
static bool tell_line(struct hearing *hearing, const struct listener *listener, struct told *old,
                      struct told *now, struct outputs *outputs)
{
    bool was = is_fact(hearing, listener, old, &hearing->old_key, &hearing->old_value);
    bool is = is_fact(hearing, listener, now, &hearing->key, &hearing->value);
    struct span key = strbuf_span(&hearing->key), value = strbuf_span(&hearing->value);
    bool moved = was && is && !span_equal(key, strbuf_span(&hearing->old_key));
    bool same = was && is && !moved && span_equal(value, strbuf_span(&hearing->old_value));
    if (was && (!is || moved))
        take_back(hearing, listener, now, outputs);
    if (is && !same)
        write(hearing, listener, key, value, outputs);
    return was && !is;
}

/* One thing that a trigger listens to does not hear it any more; others, to which it is the same
 * fact, still do. */
static void tell_others(struct hearing *hearing, const struct listener_list *list,
                        const struct listener *listener, struct told *now, struct outputs *outputs)
{
    for (size_t n = 0; n < list->count; n++) {
        const struct listener *other = &list->all[n];
        if (other != listener && other->trigger == listener->trigger &&
            other->step->role == listener->step->role &&
            is_fact(hearing, other, now, &hearing->key, &hearing->value))
            write(hearing, other, strbuf_span(&hearing->key), strbuf_span(&hearing->value),
                  outputs);
    }
}

static const struct case_line *find_line(const struct hearing_case *of, struct span id, size_t near)
{
    for (size_t n = 0; n < of->count; n++) {
        const struct case_line *line = &of->lines[(near + n) % of->count];
        if (span_equal(line->id, id))
            return line;
    }
    return NULL;
}

static bool same_text(struct span a, struct span b)
{
    return a.at == b.at || (a.at && b.at && span_equal(a, b));
}

static struct span request_kind_of(const struct hearing_case *of)
{
    const struct case_line *opened = opening_of(of);
    return opened ? opened->attribute[CASE_REQUEST_KIND] : SPAN_NONE;
}

static bool same_case(const struct hearing_case *before, const struct hearing_case *now)
{
    const struct case_fold *a = before->fold, *b = now->fold;
    bool same = same_text(a->lead, b->lead) && same_text(a->type_code, b->type_code) &&
                same_text(a->street_code, b->street_code) &&
                same_text(a->community_code, b->community_code) &&
                same_text(a->limit_class, b->limit_class) && same_text(a->rule, b->rule) &&
                same_text(a->opened_id, b->opened_id) && a->due_ms == b->due_ms &&
                same_text(request_kind_of(before), request_kind_of(now));
    for (size_t i = 0; same && i < CODES_MOST_FIELDS; i++)
        same = same_text(a->field[i], b->field[i]);
    return same;
}

/* Lines are borrowed: one that nobody merged into has the texts it had. */
static bool same_line(const struct hearing_case *before, const struct case_line *old,
                      const struct hearing_case *now, const struct case_line *line)
{
    return old && old->id.at == line->id.at && old->revision.at == line->revision.at &&
           old->live == line->live && old->recorded_ms == line->recorded_ms &&
           before->fold->effect[old - before->lines] == now->fold->effect[line - now->lines];
}

void hearing_tell(struct hearing *hearing, const struct hearing_case *before,
                  const struct hearing_case *now, struct outputs *outputs)
{
    const struct listener_list *list = listeners_of_kind(hearing->listeners, now->kind);
    bool unchanged = before->count > 0 && same_case(before, now);
    for (size_t i = 0; i < now->count; i++) {
        const struct case_line *line = &now->lines[i], *old = find_line(before, line->id, i);
        struct told was, is;
        if (unchanged && same_line(before, old, now, line))
            continue;
        look_at(&was, before, old);
        look_at(&is, now, line);
        for (size_t n = 0; n < list->count; n++)
            if (may_hear(&list->all[n], &was, &is) &&
                tell_line(hearing, &list->all[n], &was, &is, outputs))
                tell_others(hearing, list, &list->all[n], &is, outputs);
    }
}

/* ---- what is no case's ---- */

static bool is_named(const struct trigger_step *step, struct span name)
{
    for (size_t i = 0; i < step->name_count; i++)
        if (span_equal(step->names[i], name))
            return true;
    return step->name_count == 0;
}

static void tell_event(struct hearing *hearing, const struct listener *listener,
                       struct asked *asked, struct signal *signal, struct outputs *outputs)
{
    if (add_fact(&hearing->key, &hearing->value, listener, asked, signal))
        write(hearing, listener, strbuf_span(&hearing->key), strbuf_span(&hearing->value), outputs);
}

static struct signal signal_of_event(const struct event *event)
{
    return (struct signal){.id = event->id,
                           .revision = revision_of(event->revision, 10, event->recorded_ms),
                           .time_ms = event->time_ms,
                           .recorded_ms = event->recorded_ms,
                           .subject = event->subject.at ? event->subject : SPAN("")};
}

void hearing_tell_observation(struct hearing *hearing, const struct event *event,
                              struct outputs *outputs)
{
    const struct listener_list *list =
        hearing->listeners ? listeners_of_observations(hearing->listeners) : NULL;
    struct asked asked = {.hearing = hearing, .event = event};
    if (!list || event->replayof.at)
        return;
    struct signal signal = signal_of_event(event);
    for (size_t i = 0; i < list->count; i++)
        if (list->all[i].step->family == event->family && is_named(list->all[i].step, event->name))
            tell_event(hearing, &list->all[i], &asked, &signal, outputs);
}

void hearing_tell_sighting(struct hearing *hearing, const struct event *event,
                           struct outputs *outputs)
{
    const struct listener_list *list =
        hearing->listeners ? listeners_of_sightings(hearing->listeners) : NULL;
    struct sighting sighting;
    struct asked asked = {.hearing = hearing, .event = event, .sighting = &sighting};
    if (!list || !list->count || !sighting_of_event(event, &sighting))
        return;
    struct signal signal = signal_of_event(event);
    signal.time_ms = sighting.seen_ms;
    for (size_t i = 0; i < list->count; i++)
        tell_event(hearing, &list->all[i], &asked, &signal, outputs);
}

void hearing_tell_clock(struct hearing *hearing, int32_t partition, int64_t t_ms,
                        struct outputs *outputs)
{
    strbuf_reset(&hearing->value);
    signal_write_watermark(&hearing->value, partition, t_ms);
    struct output output = {.stream = STREAM_SIGNALS,
                            .key = signal_watermark_key,
                            .value = strbuf_span(&hearing->value)};
    for (; output.partition < hearing->partitions; output.partition++)
        outputs_add(outputs, &output);
}
