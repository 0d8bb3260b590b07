/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "model/case_line.h"
#include "model/event.h"
#include "model/ids.h"

bool life_add(struct life *life, struct step step)
{
    if (life->count == LIFE_MOST_STEPS)
        return false;
    life->steps[life->count++] = step;
    if (step.case_number >= life->cases)
        life->cases = step.case_number + 1;
    return true;
}

struct span life_subject(char text[64], const struct case_kind *kind, int case_number)
{
    int n = snprintf(text, 64, "%s:%s:S%d", kind->code,
                     strcmp(kind->code, "request") == 0 ? "12345" : "sim", case_number);
    return span_from(text, (size_t)n);
}

/* ---- what a step says ---- */

static const char *pick(const char *const *words, size_t count, int *content)
{
    const char *word = words[(size_t)*content % count];
    *content /= (int)count;
    return word;
}

static void add(struct strbuf *out, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_add(out, out->len > 1 ? SPAN(",\"") : SPAN("\""));
    strbuf_add(out, span_of(name));
    strbuf_add(out, SPAN("\":\""));
    strbuf_add(out, span_of(value));
    strbuf_add_char(out, '"');
}

/* Two thirds of those who need not say none. */
static void add_due(struct strbuf *out, const struct step *step, bool needed, int *content)
{
    static const int64_t hours[] = {2, 24, 24 * 7, 24 * 15, -24, 24 * 60};
    char text[40];
    struct strbuf due = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    int which = *content % (needed ? 7 : 18);
    *content /= 18;
    if (which >= (int)ARRAY_LENGTH(hours))
        return;
    timestamp_add_rfc3339(&due, LIFE_BEGINS + 1000 * (step->at + 3600 * hours[which]));
    add(out, "due_at", text);
}

static void add_matter(struct strbuf *out, int case_number, int *content)
{
    /* street, utility, district, transfer, city, unknown, none */
    static const char *const types[] = {"R0303", "R0201", "R0101", "R1901", "R1301", "R9999", NULL};
    static const char *const communities[] = {"110105001905", "110105002905", "110105001905", "1",
                                              NULL};
    static const char *const streets[] = {NULL, NULL, "110105003", NULL};
    static const char *const leads[] = {NULL, NULL, NULL, NULL,       "s110105004", "d_market",
                                        NULL, NULL, NULL, "nobody_x", "desk",       NULL};
    static const char *const classes[] = {NULL, NULL, "24h", "7d", "instant"};
    static const char *const flags[] = {NULL, NULL,        NULL,     NULL,
                                        NULL, "emergency", "threat", "again"};
    static const char *const callers[] = {"caller1", NULL, "caller2", "caller1"};
    static const char *const estates[] = {"E1", NULL};
    add(out, "type_code", pick(types, ARRAY_LENGTH(types), content));
    add(out, "community_code", pick(communities, ARRAY_LENGTH(communities), content));
    add(out, "street_code", pick(streets, ARRAY_LENGTH(streets), content));
    add(out, "lead", pick(leads, ARRAY_LENGTH(leads), content));
    add(out, "limit_class", pick(classes, ARRAY_LENGTH(classes), content));
    add(out, "flags", pick(flags, ARRAY_LENGTH(flags), content));
    *content += case_number; /* cases that are alike in all the rest have other callers */
    add(out, "caller_ref", pick(callers, ARRAY_LENGTH(callers), content));
    add(out, "estate_code", pick(estates, ARRAY_LENGTH(estates), content));
}

/* What a move needs it says, but now and then. */
static void add_move(struct strbuf *out, const struct step *step, uint32_t needs, int *content)
{
    static const char *const outcomes[] = {"upheld", "rejected", "upheld", "perhaps"};
    static const char *const leads[] = {"s110105005", "d_urban", "s110105001", "nobody_x",
                                        "s110105002"};
    static const char *const units[] = {"d_enforce", "d_enforce", "d_police", "nobody_x"};
    char other[64];
    bool says = *content % 8 != 0;
    *content /= 8;
    life_subject(other, step->kind, step->other);
    const struct {
        const char *name, *value;
        enum case_attribute attribute;
    } members[] = {
        {"outcome", pick(outcomes, ARRAY_LENGTH(outcomes), content), CASE_OUTCOME},
        {"lead", pick(leads, ARRAY_LENGTH(leads), content), CASE_LEAD},
        {"co_unit", pick(units, ARRAY_LENGTH(units), content), CASE_CO},
        {"sub_unit", pick(units, ARRAY_LENGTH(units), content), CASE_SUB},
        {"parent", other, CASE_PARENT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        bool needed = needs >> members[i].attribute & 1;
        if (needed ? says : (*content >> i & 7) == 0)
            add(out, members[i].name, members[i].value);
    }
}

static void write_data(struct strbuf *out, const struct step *step, struct span stage)
{
    int content = step->content, index = case_kind_stage(step->kind, stage);
    uint32_t needs = index < 0 ? 0 : step->kind->stages[index].needs;
    strbuf_add_char(out, '{');
    if (span_is(stage, "opened") || span_is(stage, "classified"))
        add_matter(out, step->case_number, &content);
    else
        add_move(out, step, needs, &content);
    add_due(out, step, needs >> CASE_DUE & 1, &content);
    strbuf_add_char(out, '}');
}

static struct span id_of(char id[DIGEST_ID_LEN + 1], const struct step *step, struct span stage,
                         struct span unit)
{
    char number[16], event[16], party[16];
    snprintf(number, sizeof number, "%d", step->case_number);
    snprintf(event, sizeof event, "%d", step->event);
    snprintf(party, sizeof party, "%d", step->party);
    struct span identity[] = {span_of(event), span_of(party), unit};
    ids_event(id, span_of(step->kind->code), span_of(number), stage, identity, 3);
    return span_of(id);
}

/* ---- what is no case's ---- */

static const struct observation {
    const char *name, *subject, *data;
} observations[] = {
    {"weather_alert", "weather:alerts:BJ1",
     "{\"sort\":\"rain\",\"level\":\"yellow\",\"street_code\":\"110105001\"}"},
    {"outage", "outage:utilities:TG1",
     "{\"sort\":\"water\",\"cause\":\"planned\",\"unit\":\"u_water\",\"community_code\":"
     "\"110105001905\"}"},
    {"heartbeat", "station:chaoyang:st001", "{\"station\":\"st001\",\"open\":\"true\"}"},
    {"works_notice", "works_notice:district:SG1",
     "{\"sort\":\"pipes\",\"community_code\":\"110105001905\",\"unit\":\"u_water\"}"},
};

static const struct observation *observation_of(const struct step *step)
{
    return &observations[(size_t)step->content % ARRAY_LENGTH(observations)];
}

struct span life_observed(const struct step *step)
{
    return span_of(observation_of(step)->subject);
}

static void write_observation(struct strbuf *out, const struct step *step)
{
    const struct observation *said = observation_of(step);
    char id[DIGEST_ID_LEN + 1], event[16], revision[REVISION_LEN + 1];
    int64_t recorded_ms = LIFE_BEGINS + 1000 * step->recorded;
    snprintf(event, sizeof event, "%d", step->event);
    struct span identity[] = {span_of(event)};
    ids_event(id, SPAN("observation"), span_of(said->subject), span_of(said->name), identity, 1);
    (void)!ids_revision(revision, SPAN_NONE, recorded_ms, 1, span_of(said->data));
    event_write(out, &(struct event){.family = EVENT_OBSERVATION,
                                     .name = span_of(said->name),
                                     .id = span_of(id),
                                     .source = SPAN("/feeds/sim"),
                                     .subject = span_of(said->subject),
                                     .time_ms = LIFE_BEGINS + 1000 * step->at,
                                     .recorded_ms = recorded_ms,
                                     .feed = SPAN("sim"),
                                     .party = SPAN("source"),
                                     .revision = span_of(revision),
                                     .replayof = step->replay ? SPAN("backfill") : SPAN_NONE,
                                     .data_json = span_of(said->data)});
}

void life_write_event(struct strbuf *out, const struct step *step, struct span unit,
                      const struct codes *codes)
{
    char subject[64], id[DIGEST_ID_LEN + 1], source[16], revision[REVISION_LEN + 1], text[1024];
    struct strbuf data = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    struct span stage = codes_text(codes, CODE_STAGE, step->stage);
    int64_t recorded_ms = LIFE_BEGINS + 1000 * step->recorded;
    if (step->what == STEP_OBSERVE) {
        write_observation(out, step);
        return;
    }
    write_data(&data, step, stage);
    snprintf(source, sizeof source, "%d", step->revision);
    (void)!ids_revision(revision, step->revision ? span_of(source) : SPAN_NONE, recorded_ms, 1,
                        strbuf_span(&data));
    event_write(out, &(struct event){
                         .family = EVENT_CASE,
                         .name = stage,
                         .id = id_of(id, step, stage, unit),
                         .source = SPAN("/feeds/sim"),
                         .subject = life_subject(subject, step->kind, step->case_number),
                         .time_ms = LIFE_BEGINS + 1000 * step->at,
                         .recorded_ms = recorded_ms,
                         .unit = unit,
                         .party = codes_text(codes, CODE_PARTY, step->party),
                         .revision = span_of(revision),
                         .replayof = step->replay ? SPAN("backfill") : SPAN_NONE,
                         .data_json = strbuf_span(&data),
                     });
}
