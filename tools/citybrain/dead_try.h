/* SPDX-License-Identifier: Apache-2.0 */
/* What would come of a dead letter's bytes today: the code that daemons run, the mappings of this
 * configuration, the version in force now. Nothing is written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "citybrain/bundle.h"
#include "citybrain/dead_letter.h"
#include "ingest/core/normalise.h"

enum dead_fate {
    DEAD_ACCEPTED,
    DEAD_REJECTED, /* as `why` says */
    DEAD_LEFT,     /* as `left` says: another mapping would change nothing */
};

struct dead_told { /* an event that it would tell */
    struct span id, revision, subject, stage;
    struct span key; /* its record's */
    enum event_family family;
    bool opens; /* asks for a lead, where the case has none yet */
};

struct dead_verdict { /* texts live until the next */
    enum dead_fate fate;
    struct reject_place why;
    const char *left;
    struct span topic;        /* where it would go again, with prefix */
    bool is_event;            /* it is on `events` already, and no case took it */
    struct raw_header header; /* it would go under */
    struct dead_told told[MAPPING_MAX_EVENTS];
    size_t told_count;
    struct span station; /* as its cells name it; absent = they do not */
};

struct dead_try {
    const struct bundle *bundle; /* borrowed, as these */
    const struct kafka_settings *settings;
    int64_t now_ms;
    struct normalise normalise;     /* owned, as these */
    struct normalise_result result; /* of an item that was normalised */
    struct json_reader *reader;
    struct arena arena; /* one letter */
};

void dead_try_init(struct dead_try *trial, const struct bundle *bundle,
                   const struct kafka_settings *settings, int64_t now_ms);
void dead_try_fini(struct dead_try *trial);
void dead_try_letter(struct dead_try *trial, const struct dead_letter *letter,
                     struct dead_verdict *verdict);
struct dead_cell {
    struct span text; /* absent: no cell is meant, or it cannot be made out */
    bool may_show;
};
/* What the letter is refused for, as today's mapping finds it: of the one that was just tried. */
struct dead_cell dead_try_cell(struct dead_try *trial, const struct dead_letter *letter);
/* Two members of a JSON object, "cells" and "events", of the letter that was just tried; nothing
 * where its cells could not be made out. Texts that no event may hold are told by their length. */
void dead_try_explain(struct dead_try *trial, const struct dead_letter *letter,
                      const struct dead_verdict *verdict, struct strbuf *out);
