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
#include "citybrain/http_client.h"
#include "citybrain/key_file.h"

#define DOOR_AT_ONCE HTTP_CLIENT_AT_ONCE

struct door {
    struct http_client *client; /* owned */
    char url[256];              /* http://host:port */
    const char *tokens_file;    /* csv token,principal,name,party; or NULL */
    const struct key_file *key; /* signs each request instead of a token, or NULL; borrowed */
    const char *replay;         /* value of Citybrain-Replay, or NULL */
    int64_t patience_ms;        /* longest time without an answer; 0 = one attempt */
    struct strbuf answers[DOOR_AT_ONCE];
    int64_t accepted, rejected;
    bool stopped; /* a header that is not the feed's: no row of the file is taken */
    /* The sender's own list, or NULL: "PATH UPLOAD ROW BYTES ROWS" a part after its 2xx, fsynced.
     * ROWS: "1-3,7", numbers from 1 of the file's rows (a timeline's lines). */
    FILE *acknowledged; /* owned */
};

struct door_part {
    const char *path;      /* "/v1/feeds/hotline" */
    const char *principal; /* whose token: "hotline" as feed, "s110105001" as unit */
    const char *content_type;
    struct span body;
    const char *upload;  /* hash of the whole file, or NULL */
    int64_t row, offset; /* of the part's first item in the file */
    const char *rows;    /* "1-3,7": which of the file's rows it holds; NULL = not known */
};

void door_init(struct door *door, const char *url, const char *tokens_file);
void door_fini(struct door *door);
/* Posts until answered 2xx (RETRY only when patience ends: at first ten minutes) or refused
 * (REFUSED with the answer's words). Rejected rows are printed on stdout, one JSON line each as the
 * door gave them.
 */
bool door_post(struct door *door, const struct door_part *part, struct error *error);
/* The same for at most DOOR_AT_ONCE parts side by side; returns when all are done or one is
 * refused.
 */
bool door_post_all(struct door *door, const struct door_part *parts, size_t count,
                   struct error *error);
