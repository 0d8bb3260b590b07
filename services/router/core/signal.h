/* SPDX-License-Identifier: Apache-2.0 */
/* What pass 1 tells pass 2, on the topic `signals`: one fact for one trigger and group, or how far
 * the clock of one partition of `events` is.
 *
 *   fact        key   trigger|value|value...        the group's values in the trigger's order
 *               value 2|f|step|id|source revision|received ms|arrived ms|counts|time ms|recorded
 * ms| subject|name=value... watermark   key   _watermark value 2|w|partition|time ms
 *
 * Several facts of one partition may lie in one record (signal_pack.h).
 *
 * Numbers are base 36; '|', '\\' and line feeds inside a text are escaped by a backslash. Facts go
 * to the partition of their key, so all of one group meet; watermarks to every partition. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"

#define SIGNAL_MOST_FIELDS 24

struct signal_field {
    struct span name, value; /* as in the event's data; "type_code", "estate_code" */
};

/* Of two facts with one id the greater revision holds, whichever comes first, and of equal ones the
 * later on the log: what counts for nothing now may count again when another line of its case
 * comes. */
struct signal_revision {
    uint64_t source; /* the sender's own; 0 = none; beyond 64 bits the greatest */
    int64_t received_ms;
};
static inline bool signal_revision_holds(struct signal_revision old, struct signal_revision later)
{
    if (old.source != later.source)
        return later.source > old.source;
    return later.received_ms >= old.received_ms;
}

enum signal_kind { SIGNAL_FACT, SIGNAL_WATERMARK };

struct signal {
    enum signal_kind kind;
    int32_t partition; /* of a watermark: the partition of `events` it is of */
    struct span group; /* of a fact: its key, trigger and values; names one window */
    struct span trigger;
    uint32_t step;  /* names what heard it (trigger_step); in no bundle another thing */
    struct span id; /* of the event: facts of one id in one group are one fact */
    struct signal_revision revision;
    int64_t arrived_ms; /* when that is known: the receipt of what made it be told, but no earlier
                           than the clock of its partition of `events` stood then */
    bool counts;        /* false: taken back (corrected, impossible now, of another group now) */
    int64_t time_ms, recorded_ms; /* the event's; a watermark's T is time_ms */
    struct span subject;          /* the case, or what an observation is about */
    struct signal_field
        fields[SIGNAL_MOST_FIELDS]; /* those the trigger asks for and the event has */
    size_t field_count;
};

/* The key of a group. `values` as many as the trigger groups by. */
void signal_add_group(struct strbuf *out, struct span trigger, const struct span *values,
                      size_t count);
/* The value only; its key is signal->group. */
void signal_write(struct strbuf *out, const struct signal *signal);
void signal_write_watermark(struct strbuf *out, int32_t partition, int64_t t_ms);
extern const struct span signal_watermark_key;
/* Texts are borrowed or the arena's. False: not what a router writes. */
bool signal_read(struct signal *signal, struct span key, struct span value, struct arena *arena);
/* Of that name, or absent. */
struct span signal_field(const struct signal *signal, struct span name);
