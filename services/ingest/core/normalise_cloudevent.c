/* SPDX-License-Identifier: Apache-2.0 */
/* What the source of a feed of `format: cloudevents` says. It speaks of the cases of its own
 * namespace only. An event is known by its id and source, as CloudEvents has it. */
#include <stdio.h>

#include "ingest/core/normalise.h"
#include "ingest/core/said.h"

/* "request:12345" has said "request:12345:4711". */
static bool is_of_namespace(struct span subject, struct span namespace_)
{
    return span_starts(subject, namespace_) && subject.len > namespace_.len + 1 &&
           subject.at[namespace_.len] == ':';
}

static bool is_revision(struct span text)
{
    bool good = text.len <= 20;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.at[i] >= '0' && text.at[i] <= '9';
    return good;
}

static enum reject check(const struct normalise *normalise, const struct mapping *mapping,
                         const struct raw_header *header, const struct event *said,
                         const char **fault)
{
    enum reject reject = said_check(normalise, header, said);
    if (reject != REJECT_NONE)
        return reject;
    if (!is_of_namespace(said->subject, span_of(mapping->namespace_))) {
        *fault = "subject";
        return REJECT_IDENTITY;
    }
    if (!is_revision(said->revision)) {
        *fault = "revision";
        return REJECT_EVENT;
    }
    return REJECT_NONE;
}

void normalise_cloudevent(struct normalise *normalise, const struct feed *feed,
                          const struct mapping *mapping, const struct raw_header *header,
                          struct span value, struct normalise_result *result)
{
    struct event said = {0};
    enum reject reject = event_read(normalise->decode.reader, value, &normalise->arena, &said);
    if (reject == REJECT_NONE)
        reject = check(normalise, mapping, header, &said, &said.fault);
    struct said_by by = {.namespace_ = span_of(mapping->namespace_),
                         .source = span_of(feed->source),
                         .party = span_of(feed->party),
                         .revision = said.revision.len > 0 ? said.revision : SPAN_NONE,
                         .identity = &said.source,
                         .identity_count = 1};
    if (reject == REJECT_NONE)
        reject = said_write(normalise, header, &said, &by);
    if (said.fault)
        snprintf(result->why.pointer, sizeof result->why.pointer, "/%s", said.fault);
    result->why.reject = reject;
    result->number = said.subject;
    if (reject == REJECT_NONE)
        result->events[result->count++] = (struct normalise_event){
            .subject = said.subject, .json = strbuf_span(&normalise->text)};
}
