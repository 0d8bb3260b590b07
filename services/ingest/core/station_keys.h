/* SPDX-License-Identifier: Apache-2.0 */
/* The file of stations' keys: station,key,kind,names,party,secret. A station has at most two keys,
 * the old and the new one of a rotation; both are good. */
#pragma once

#include <stddef.h>

#include "config/diagnostics.h"
#include "ingest/core/principal.h"
#include "ingest/core/signature.h"

#define STATION_KEYS_HEADER "station,key,kind,names,party,secret"
#define STATION_KEYS_LIVE   2

struct station_key {
    struct span key;
    struct principal principal;
    struct place names_place; /* the file's name is borrowed of who loaded it */
    unsigned char secret[SIGNATURE_SECRET];
};

struct station_keys;
/* '#' lines are skipped. A file that others than its owner may change, or strangers may read, is an
 * error. NULL on error. */
struct station_keys *station_keys_load(const char *file, struct diagnostics *diagnostics);
void station_keys_free(struct station_keys *keys); /* secrets are wiped */
size_t station_keys_count(const struct station_keys *keys);
const struct station_key *station_keys_at(const struct station_keys *keys, size_t index);
/* NULL: no such key, or no keys. All keys are looked at, whichever it is. */
const struct station_key *station_keys_find(const struct station_keys *keys, struct span station,
                                            struct span key);
