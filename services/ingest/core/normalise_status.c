/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit says about a case. Who it is comes from the topic, its party from what that unit may
 * be: the desk's answers may be the call-back's, everybody else leads (whether they do is the
 * case's fold to say). */
#include <stdio.h>

#include "ingest/core/normalise.h"
#include "ingest/core/said.h"

static struct span party_of(const struct raw_header *header, const struct event *event)
{
    if (!span_is(header->unit, "desk"))
        return SPAN("lead");
    return span_is(event->party, "callback") ? SPAN("callback") : SPAN("desk");
}

void normalise_status(struct normalise *normalise, const struct raw_header *header,
                      const struct record *record, struct normalise_result *result)
{
    struct event said = {0};
    char space[80], source[80];
    struct json_reader *reader = normalise->decode.reader;
    const struct feed *feed = feeds_find(normalise->feeds, header->feed);
    result->mapping = feed ? feed_mapping(feed, header->mapping) : NULL;
    result->count = 0;
    result->why = (struct reject_place){.byte_offset = -1};
    enum reject reject = event_read_record(reader, record, &normalise->arena, &said);
    if (said.fault)
        snprintf(result->why.pointer, sizeof result->why.pointer, "/%s", said.fault);
    snprintf(space, sizeof space, "status:%.*s", SPAN_ARG(header->unit));
    snprintf(source, sizeof source, "/units/%.*s", SPAN_ARG(header->unit));
    struct said_by by = {.namespace_ = span_of(space),
                         .source = span_of(source),
                         .unit = header->unit,
                         .party = party_of(header, &said)};
    if (reject == REJECT_NONE)
        reject = said_check(normalise, header, &said);
    if (reject == REJECT_NONE)
        reject = said_write(normalise, header, &said, &by);
    result->why.reject = reject;
    if (reject == REJECT_NONE)
        result->events[result->count++] = (struct normalise_event){
            .subject = said.subject, .json = strbuf_span(&normalise->text)};
}
