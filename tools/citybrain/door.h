/* SPDX-License-Identifier: Apache-2.0 */
/* A sender's side of ingest's HTTP door: posts parts, waits out 429 and 503, keeps the counts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/span.h"
#include "base/strbuf.h"

struct door {
    struct http_client *client; /* owned */
    char url[256];              /* http://host:port */
    const char *tokens_file;    /* csv token,principal,name,party; or NULL */
    char token[128];
    const char *replay; /* value of Citybrain-Replay, or NULL */
    struct strbuf answer;
    int64_t accepted, rejected;
    FILE *acknowledged; /* driver's own list: one line a part after its 2xx, fsynced; or NULL */
};

struct door_part {
    const char *path; /* "/v1/feeds/hotline" */
    const char *content_type;
    struct span body;
    const char *upload;  /* hash of the whole file, or NULL */
    int64_t row, offset; /* of the part's first item in the file */
};

void door_init(struct door *door, const char *url, const char *tokens_file);
void door_fini(struct door *door);
/* The token of a principal ("hotline" as feed, "s110105001" as unit) from the tokens file; false
 * when there is none. */
bool door_use_token_of(struct door *door, const char *principal, struct error *error);
/* Posts until answered 2xx (RETRY only after ten minutes of no answer) or refused (REFUSED with the
 * answer's words). Rejected rows are printed on stdout, one JSON line each as the door gave them.
 */
bool door_post(struct door *door, const struct door_part *part, struct error *error);
