/* SPDX-License-Identifier: Apache-2.0 */
/* A raw or status record to canonical events or one dead letter: pure, the same for the normaliser,
 * the door's verdict and `citybrain try`. An item is taken whole or rejected whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "base/strbuf.h"
#include "ingest/core/decode.h"
#include "ingest/core/mapping.h"
#include "model/case_kind.h"
#include "model/event.h"
#include "model/raw_header.h"

#define NORMALISE_MAX_AHEAD_MS INT64_C(600000) /* ten minutes */
#define NORMALISE_NUMBER_MAX   128             /* bytes of a record's own number */
#define NORMALISE_REPLAY_MAX   64              /* of a replay's name */
#define NORMALISE_SUBJECT_MAX  (NORMALISE_NUMBER_MAX + 32)
#define NORMALISE_VALUE_MAX                                                                        \
    1900000 /* bytes of an item: what raw takes, and dead beside its headers */
#define NORMALISE_EVENT_MAX                                                                        \
    (128 << 10) /* of an event: what its readers have room for, far below what `events` takes */

/* What tools make pseudonyms with that write to no broker. */
#define NORMALISE_TRY_KEY "citybrain try"

enum normalise_stream {
    NORMALISE_EVENTS,
    NORMALISE_DEAD,
    NORMALISE_REGISTRY,
    NORMALISE_RECEIPTS,
    NORMALISE_STREAMS
};

struct normalise {
    const struct feeds *feeds; /* borrowed */
    const struct kinds *kinds; /* borrowed */
    bool trust_door_time;      /* manual clock: a status post's header tells when it was received */
    struct span pseudonym_key; /* borrowed; NORMALISE_TRY_KEY where nobody gave one */
    const struct feed *last_feed; /* of the record before: mostly of this one too */
    struct decode decode;
    struct arena arena; /* one record */
    struct strbuf data, text;
    struct span cells[MAPPING_MAX_COLUMNS];
};

struct normalise_event {
    struct span subject, json; /* valid until the next call */
    enum event_family family;
    struct span registry_key; /* of a registry event: "<registry>/<number>/<day>"; else absent */
};

struct normalise_result {
    struct normalise_event events[MAPPING_MAX_EVENTS];
    size_t count;
    const struct mapping *mapping; /* that read it; NULL where none could be found */
    struct reject_place why;       /* why.reject == REJECT_NONE: accepted */
    struct span number;  /* the source's own; absent where it cannot be read; until the next */
    struct span station; /* that a refused row names, as it names it; until the next */
    /* Of a whole record: under whose name and when it was received, as far as its header says. */
    struct span feed;
    int64_t received_ms;
};

void normalise_init(struct normalise *normalise, const struct feeds *feeds,
                    const struct kinds *kinds);
void normalise_fini(struct normalise *normalise);
/* One item under its header; the mapping is the header's version. */
void normalise_item(struct normalise *normalise, const struct raw_header *header, struct span value,
                    struct normalise_result *result);
/* The same of a feed whose items are CloudEvents of their own; *result is empty. */
void normalise_cloudevent(struct normalise *normalise, const struct feed *feed,
                          const struct mapping *mapping, const struct raw_header *header,
                          struct span value, struct normalise_result *result);
/* A CSV header line that stops its whole file, and why; nothing where it may go on. */
void normalise_header(struct normalise *normalise, const struct raw_header *header,
                      struct span line, struct reject_place *why);
/* One CloudEvent of a unit, structured or binary; header->unit said it. */
void normalise_status(struct normalise *normalise, const struct raw_header *header,
                      const struct record *record, struct normalise_result *result);
/* A whole record of raw (source 0) or of status.<unit>: events or a dead letter into outputs. */
void normalise_record(struct normalise *normalise, const struct record *record,
                      struct outputs *outputs, struct normalise_result *result);
/* A record that killed the core: its dead letter with reason crash. */
void normalise_poison(struct normalise *normalise, const struct record *record,
                      struct outputs *outputs, struct normalise_result *result);
