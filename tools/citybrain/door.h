/* SPDX-License-Identifier: Apache-2.0 */
/* A sender's side of ingest's HTTP door: posts parts, waits out 429, 5xx and silence, keeps the
 * counts. */
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
    /* The sender's own list, or NULL: "PATH UPLOAD ROW BYTES ROWS" a part after its 2xx, fsynced.
     * ROWS: "1-3,7", numbers from 1 of the file's rows (a timeline's lines). */
    FILE *acknowledged; /* owned */
};

struct door_part {
    const char *path; /* "/v1/feeds/hotline" */
    const char *content_type;
    struct span body;
    const char *upload;  /* hash of the whole file, or NULL */
    int64_t row, offset; /* of the part's first item in the file */
    const char *rows;    /* "1-3,7": which of the file's rows it holds; NULL = not known */
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
