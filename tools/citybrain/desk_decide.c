/* SPDX-License-Identifier: Apache-2.0 */
/* The id of what is said is a hash of what it answers and of its content, so saying it twice says
 * it once; what answers nothing may be due again later in a case's life, and has its time in it. It
 * is audited before it is posted: what the brokers do not have in `audit` is not said.
 */
#include "citybrain/desk_decide.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "citybrain/desk_effect.h"
#include "citybrain/door.h"
#include "citybrain/verb.h"
#include "kafka/audit.h"
#include "model/ids.h"

#define DAY_MINUTES 480

static bool is_answer(const struct desk_decision *decision, struct desk_duties *duties,
                      const struct desk_duty_item *item, struct error *error)
{
    if (decision->anyway || !desk_moves_is_answer(decision->move))
        return true;
    if (!item || !item->open)
        return error_set(error, ERROR_REFUSED, 0,
                         "%s is not asked of the desk; fix: citybrain desk ls shows what is, or "
                         "--anyway decides unasked",
                         decision->case_id);
    enum desk_cause cause = desk_report_cause(desk_duties_view(duties, item));
    return desk_is_answer(cause, decision->move->stage) ||
           error_set(error, ERROR_REFUSED, 0,
                     "%s (%s) is answered by: %s; fix: one of them, or --anyway",
                     desk_row(cause)->name, desk_row(cause)->code, desk_row(cause)->answers);
}

static bool is_of_kind(const struct desk_decision *decision, const struct kinds *kinds,
                       struct error *error)
{
    struct span rest = span_of(decision->case_id), kind = span_cut(&rest, ':');
    return desk_moves_is_of(decision->move, kinds, span_of(decision->case_id)) ||
           error_set(error, ERROR_REFUSED, 0,
                     "the desk has no move %s (%s) in cases of kind \"%.*s\"; fix: citybrain desk "
                     "show %s names those it has",
                     decision->move->stage, decision->move->name, SPAN_ARG(kind),
                     decision->case_id);
}

/* A unit of that day; a community is never lead (条例 17). */
static bool is_unit(const struct district *district, const char *unit, int64_t day,
                    struct error *error)
{
    const struct registry_row *row = registry_find(district->units, span_of(unit), day);
    if (!row)
        return error_set(error, ERROR_REFUSED, 0,
                         "no unit %s; fix: a code of config/registries/units.csv; a community is "
                         "never lead, name its 街乡",
                         unit);
    return true;
}

static bool is_given(const struct desk_decision *decision, struct error *error)
{
    const struct desk_move *move = decision->move;
    const char *lacks = move->needs_lead && !decision->lead         ? "--lead UNIT"
                        : move->needs_type && !decision->type       ? "--type CODE"
                        : move->needs_due && !decision->due         ? "--due TIME"
                        : move->needs_outcome && !decision->outcome ? "--outcome upheld|rejected"
                        : move->needs_parent && !decision->parent   ? "--parent CASE"
                        : move->needs_co && !decision->co           ? "--co UNIT"
                                                                    : NULL;
    return !lacks ||
           error_set(error, ERROR_REFUSED, 0, "%s (%s) needs %s", move->stage, move->name, lacks);
}

static bool is_sound(const struct desk_decision *decision, const struct district *district,
                     int64_t day, struct error *error)
{
    int64_t ms;
    if (decision->outcome && strcmp(decision->outcome, "upheld") != 0 &&
        strcmp(decision->outcome, "rejected") != 0)
        return error_set(error, ERROR_REFUSED, 0, "--outcome is upheld or rejected, not \"%s\"",
                         decision->outcome);
    if (decision->due && !timestamp_parse_rfc3339(span_of(decision->due), &ms))
        return error_set(error, ERROR_REFUSED, 0,
                         "--due \"%s\" is no time; fix: write it as 2026-03-02T18:00:00+08:00",
                         decision->due);
    if (decision->type && !registry_find(district->types, span_of(decision->type), day))
        return error_set(error, ERROR_REFUSED, 0,
                         "no type %s; fix: a code of config/registries/request_types.csv",
                         decision->type);
    if (decision->parent && strcmp(decision->parent, decision->case_id) == 0)
        return error_set(error, ERROR_REFUSED, 0,
                         "a case is not its own parent; fix: name the "
                         "other one");
    return (!decision->lead || is_unit(district, decision->lead, day, error)) &&
           (!decision->co || is_unit(district, decision->co, day, error));
}

bool desk_decide_check(const struct desk_decision *decision, struct desk_duties *duties,
                       const struct desk_duty_item *item, const struct desk_names *names,
                       struct error *error)
{
    int64_t day = timestamp_day(decision->time_ms, DAY_MINUTES);
    return is_of_kind(decision, names->kinds, error) && is_answer(decision, duties, item, error) &&
           is_given(decision, error) && is_sound(decision, names->district, day, error);
}

/* ---- saying it ---- */

struct saying {
    const struct desk_decision *decision;
    char id[DIGEST_ID_LEN + 1];       /* the desk's own */
    char event_id[DIGEST_ID_LEN + 1]; /* what ingest makes of it: the cause of what follows */
    char time[40];
};

static void begin_saying(struct saying *saying, const struct desk_decision *decision,
                         const char *answers)
{
    const char *const parts[] = {answers,
                                 decision->case_id,
                                 decision->move->stage,
                                 decision->who,
                                 decision->lead,
                                 decision->type,
                                 decision->due,
                                 decision->community,
                                 decision->street,
                                 decision->outcome,
                                 decision->parent,
                                 decision->co,
                                 answers[0] ? "" : saying->time};
    struct span question[ARRAY_LENGTH(parts)];
    struct strbuf time = {
        .at = saying->time, .capacity = sizeof saying->time, .max = sizeof saying->time - 1};
    timestamp_add_rfc3339(&time, decision->time_ms);
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        question[i] = span_of(parts[i] ? parts[i] : "");
    saying->decision = decision;
    ids_event(saying->id, SPAN("desk"), question[0], question[2], question, ARRAY_LENGTH(parts));
    ids_event(saying->event_id, SPAN("status:desk"), span_of(saying->id), question[2], NULL, 0);
}

static void add_text(struct strbuf *out, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
    strbuf_add_json(out, span_of(value));
}

static void write_status(struct strbuf *out, const struct saying *saying)
{
    const struct desk_decision *decision = saying->decision;
    strbuf_add_char(out, '{');
    add_text(out, "case", decision->case_id);
    add_text(out, "stage", decision->move->stage);
    add_text(out, "time", saying->time);
    add_text(out, "id", saying->id);
    strbuf_add(out, SPAN(",\"data\":{"));
    add_text(out, "lead", decision->lead);
    add_text(out, "type_code", decision->type);
    add_text(out, "community_code", decision->community);
    add_text(out, "street_code", decision->street);
    add_text(out, "due_at", decision->due);
    add_text(out, "outcome", decision->outcome);
    add_text(out, "parent", decision->parent);
    add_text(out, "co_unit", decision->co);
    add_text(out, "by", decision->who);
    add_text(out, "reason", decision->reason);
    strbuf_add(out, SPAN("}}"));
}

static bool write_audit(const struct saying *saying, const char *answers, struct span outcome,
                        const struct kafka_settings *settings, struct error *error)
{
    const struct desk_decision *decision = saying->decision;
    const struct audit_argument arguments[] = {
        {"case", span_of(decision->case_id)},
        {"move", span_of(decision->move->stage)},
        {"answers", answers[0] ? span_of(answers) : SPAN_NONE},
        {"lead", span_of(decision->lead)},
        {"type_code", span_of(decision->type)},
        {"community_code", span_of(decision->community)},
        {"street_code", span_of(decision->street)},
        {"due_at", span_of(decision->due)},
        {"outcome", span_of(decision->outcome)},
        {"parent", span_of(decision->parent)},
        {"co_unit", span_of(decision->co)},
        {"time", span_of(saying->time)},
    };
    return audit_write(settings,
                       &(struct audit_entry){.who = span_of(decision->who),
                                             .reason = span_of(decision->reason),
                                             .verb = "desk decide",
                                             .outcome = outcome,
                                             .event_id = span_of(saying->event_id),
                                             .arguments = arguments,
                                             .argument_count = ARRAY_LENGTH(arguments)},
                       error);
}

/* The person's own token, where a file holds it, for the door to find. */
static bool use_token(const char *path, struct error *error)
{
    char line[256] = "";
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!path)
        return true;
    if (!file || !fgets(line, sizeof line, file) || span_trim(span_of(line)).len == 0) {
        if (file)
            fclose(file);
        return error_set(error, ERROR_REFUSED, 0, "%s holds no token on its first line", path);
    }
    fclose(file);
    struct span token = span_trim(span_of(line));
    line[token.at - line + (ptrdiff_t)token.len] = '\0';
    return setenv("CITYBRAIN_TOKEN", token.at, 1) == 0;
}

static bool post(const struct saying *saying, const struct desk_door *where, int64_t *rejected,
                 struct error *error)
{
    struct door door;
    struct strbuf body;
    if (!use_token(where->token_file, error))
        return false;
    strbuf_init(&body, 1024, 65536);
    write_status(&body, saying);
    door_init(&door, where->url, where->tokens_file);
    door.patience_ms = where->wait_ms;
    bool good = door_post(&door,
                          &(struct door_part){.path = "/v1/units/desk/status",
                                              .principal = "desk",
                                              .content_type = "application/json",
                                              .body = strbuf_span(&body),
                                              .offset = 0,
                                              .row = 1},
                          error);
    *rejected = door.rejected;
    door_fini(&door);
    strbuf_fini(&body);
    return good;
}

int desk_decide_say(const struct desk_decision *decision, const char *answers,
                    const struct desk_door *door, const struct kafka_settings *settings, bool json,
                    FILE *out)
{
    struct saying saying = {0};
    struct error error = {0};
    int64_t rejected = 0;
    begin_saying(&saying, decision, answers);
    if (!write_audit(&saying, answers, SPAN("intended"), settings, &error)) {
        fprintf(stderr,
                "citybrain desk: nothing was said: it cannot be audited: %s; fix: start the "
                "brokers, citybrain topics apply\n",
                error.text);
        return VERB_UNAVAILABLE;
    }
    bool said = post(&saying, door, &rejected, &error);
    if (!said || rejected) {
        struct error second = {0};
        if (!said)
            fprintf(stderr, "citybrain desk: %s\n", error.text);
        else
            fprintf(stderr, "citybrain desk: the door rejects it, see above\n");
        if (!write_audit(&saying, answers, said ? SPAN("rejected") : SPAN("not_said"), settings,
                         &second))
            fprintf(stderr, "citybrain desk: its end is not in audit: %s\n", second.text);
        return said ? VERB_FAILED : error_exit_status(&error);
    }
    return desk_effect_wait(decision, saying.event_id, answers, door->wait_ms, settings, json, out);
}
