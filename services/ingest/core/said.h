/* SPDX-License-Identifier: Apache-2.0 */
/* A CloudEvent of somebody's own making, checked and made canonical in its sayer's name. */
#pragma once

#include "ingest/core/normalise.h"

/* Who says it; from topic or credential, never from the body. */
struct said_by {
    struct span namespace_, source; /* of the canonical id, and the source it names */
    struct span unit, party;        /* unit absent: a feed */
    struct span revision;           /* the source's own, decimal digits; absent = none */
    const struct span *identity;    /* beside the event's own id */
    size_t identity_count;
};

enum reject said_check(const struct normalise *normalise, const struct raw_header *header,
                       const struct event *event);
/* Into normalise->text. */
enum reject said_write(struct normalise *normalise, const struct raw_header *header,
                       const struct event *said, const struct said_by *by);
