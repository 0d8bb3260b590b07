/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a signed request is let in, and if not, why: for the log, never for the sender. */
#pragma once

#include "base/strbuf.h"
#include "ingest/core/replay_table.h"
#include "ingest/core/station_keys.h"

enum admit {
    ADMIT_YES,
    ADMIT_NOBODY,    /* no credential at all */
    ADMIT_MALFORMED, /* none of a form we know */
    ADMIT_UNKNOWN,   /* no such station, key or token */
    ADMIT_FORGED,    /* the signature is another request's, or another key's */
    ADMIT_EXPIRED,   /* signed more than five minutes ago, or ahead */
    ADMIT_FOREIGN,   /* good, for another feed or unit */
    ADMIT_REPLAYED,  /* good, and was here before */
    ADMIT_CROWDED    /* good, but too many message ids are remembered: come back later */
};

struct admit_question {
    struct span authorization; /* absent = none */
    struct signed_request request;
    enum principal_kind kind; /* for whom he wants to speak */
    struct span name;
    int64_t now_ms;
};

struct admit_answer {
    const struct station_key *key; /* of whom, when the signature is good; else NULL */
    struct signature said;         /* who he says he is; spans absent where it could not be read */
};

/* `text` is a buffer of SIGNATURE_TEXT_MAX. Only ADMIT_YES is remembered in `replays`. */
enum admit admit_signed(const struct station_keys *keys, struct replay_table *replays,
                        struct strbuf *text, const struct admit_question *question,
                        struct admit_answer *answer);
const char *admit_name(enum admit admit);
