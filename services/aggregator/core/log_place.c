/* SPDX-License-Identifier: Apache-2.0 */
/* Positions are never corrected here: a gap would lose events and an older position would count
 * others' events for ours, and only a person knows which of the two logs is meant. */
#include "aggregator/core/log_place.h"

#include <stdio.h>
#include <string.h>

#include "base/murmur2.h"

#define RUNBOOK "docs/runbooks/log-and-database.md"

struct log_mark log_mark_of(const struct record *record)
{
    return (struct log_mark){record->timestamp_ms, murmur2(record->key),
                             (uint32_t)record->value.len};
}

void log_mark_write(char text[LOG_PLACE_MARK], const struct log_mark *mark)
{
    snprintf(text, LOG_PLACE_MARK, "%lld.%08x.%u", (long long)mark->timestamp_ms, mark->key,
             mark->length);
}

bool log_place_start(const struct log_place *place, int64_t *start, bool *looks,
                     struct error *error)
{
    *start = place->next;
    *looks = false;
    if (place->next < 0)
        return true;
    if (place->next > place->end)
        return error_set(error, ERROR_CONFIG, 0,
                         "%s/%d: the position in PostgreSQL is %lld and the log ends at %lld: the "
                         "topic was made anew, or lost its end; nothing was read; " RUNBOOK,
                         place->topic, place->partition, (long long)place->next,
                         (long long)place->end);
    if (place->next < place->first)
        return error_set(error, ERROR_CONFIG, 0,
                         "%s/%d: the position in PostgreSQL is %lld and the log begins at %lld: "
                         "what lies between was never read and is gone; nothing was "
                         "skipped; " RUNBOOK,
                         place->topic, place->partition, (long long)place->next,
                         (long long)place->first);
    /* A position that was put back by hand has no last record to look at. */
    if (place->last < place->first || place->last >= place->next)
        return true;
    *start = place->last;
    *looks = true;
    return true;
}

bool log_place_check(const struct log_place *place, const char *mark, const struct record *record,
                     struct error *error)
{
    char found[LOG_PLACE_MARK] = "none";
    if (record && record->offset == place->last) {
        struct log_mark of = log_mark_of(record);
        log_mark_write(found, &of);
    }
    return strcmp(found, mark) == 0 ||
           error_set(error, ERROR_CONFIG, 0,
                     "%s/%d: at offset %lld stood %s when it was read, now %s: another log, the "
                     "topic was made anew; nothing was read of it; " RUNBOOK,
                     place->topic, place->partition, (long long)place->last, mark, found);
}
