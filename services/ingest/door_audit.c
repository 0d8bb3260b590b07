/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/door_audit.h"

#include <stdio.h>

#include "base/digest.h"
#include "kafka/audit.h"
#include "model/desk.h"
#include "model/ids.h"

#define MOST_ARGUMENTS 16

static const struct span who = {"by", 2}, why = {"reason", 6};

bool door_audit_is_due(const struct http_request *request, struct span unit)
{
    return span_is(unit, DESK_UNIT) && http_request_header(request, "Origin").len > 0;
}

static struct span text_of(const struct event *said, struct span name)
{
    const struct json_value *value = json_get(said->data, name);
    return value && value->type == JSON_STRING ? span_trim(value->text) : SPAN_NONE;
}

const char *door_audit_lacks(const struct event *said)
{
    if (text_of(said, who).len == 0)
        return "data/by";
    return text_of(said, why).len == 0 ? "data/reason" : NULL;
}

/* The case, the move, and what it says of it. The names are the object's own, in its order. */
static size_t add_arguments(struct audit_argument *arguments, const struct event *said,
                            char names[MOST_ARGUMENTS][48])
{
    size_t count = 0;
    arguments[count++] = (struct audit_argument){"case", said->subject};
    arguments[count++] = (struct audit_argument){"move", said->name};
    for (const struct json_value *one = said->data->first; one && count < MOST_ARGUMENTS;
         one = one->next)
        if ((one->type == JSON_STRING || one->type == JSON_NUMBER) && !span_equal(one->key, who) &&
            !span_equal(one->key, why) && one->key.len < sizeof names[0]) {
            const char *name = span_to_cstr(one->key, names[count], sizeof names[0]);
            arguments[count++] = (struct audit_argument){name, one->text};
        }
    return count;
}

void door_audit_write(struct strbuf *out, const struct event *said, int64_t at_ms)
{
    struct audit_argument arguments[MOST_ARGUMENTS];
    char names[MOST_ARGUMENTS][48], id[DIGEST_ID_LEN + 1];
    ids_event(id, SPAN("status:" DESK_UNIT), said->id, said->name, NULL, 0);
    strbuf_reset(out);
    audit_format(out,
                 &(struct audit_entry){.who = text_of(said, who),
                                       .reason = text_of(said, why),
                                       .verb = "desk decide",
                                       .outcome = SPAN("intended"),
                                       .event_id = span_of(id),
                                       .arguments = arguments,
                                       .argument_count = add_arguments(arguments, said, names)},
                 at_ms);
}

bool door_audit_send(struct doors *doors, struct receipt *receipt)
{
    char topic[256];
    snprintf(topic, sizeof topic, "%saudit", doors->config->kafka.prefix);
    return receipt_send(receipt, topic,
                        &(struct output){.partition = OUTPUT_BY_KEY,
                                         .key = SPAN(DESK_UNIT),
                                         .value = strbuf_span(&doors->audit)});
}
