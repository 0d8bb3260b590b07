/* SPDX-License-Identifier: Apache-2.0 */
/* A record of any topic of ours, read as far as it says what and whose it is. What stands in a
 * sender's own bytes (raw, dead, status, contacts) is never looked into: it may be about a person.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "model/event.h"
#include "model/raw_header.h"
#include "router/core/signal.h"

enum tap_form {
    TAP_EVENT,   /* events, registry */
    TAP_STATUS,  /* what units say: its attributes */
    TAP_RAW,     /* its header */
    TAP_DEAD,    /* its header */
    TAP_ORDER,   /* dispatch.<unit> */
    TAP_RECEIPT, /* receipts.<unit> */
    TAP_SIGNAL,
    TAP_AUDIT,
    TAP_SEALED /* contacts, state.*: key and size */
};

struct tap_topic {
    const char *name;
    enum tap_form form;
    bool of_unit; /* a topic a unit: name.UNIT */
    const char *says;
};
/* By what somebody wrote: "events", "dispatch.s110105001", "decisions"; NULL = no topic of ours. */
const struct tap_topic *tap_topic_find(const char *word);
const struct tap_topic *tap_topic_at(size_t index); /* NULL behind the last */

struct tap_record {
    const struct tap_topic *topic;
    const struct record *whole;
    bool readable;
    struct span case_id, unit, feed; /* absent where it does not say; of a unit's topic its unit */
    struct span what;                /* stage, kind of order, reason, verdict, verb */
    struct event event;              /* EVENT, STATUS */
    const struct json_value *json;   /* ORDER, RECEIPT, AUDIT */
    struct raw_header raw;           /* RAW, DEAD */
    struct dead_header dead;
    struct signal signal;
};

/* Texts live in the arena or are the record's. `topic_name` is the full one. */
void tap_record_read(struct tap_record *tap, const struct tap_topic *topic,
                     const struct record *record, struct json_reader *reader, struct arena *arena);
