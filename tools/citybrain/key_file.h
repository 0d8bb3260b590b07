/* SPDX-License-Identifier: Apache-2.0 */
/* A station's own copy of a key, for whoever sends: station=, key= and secret= on a line each. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "ingest/core/signature.h"

struct key_file {
    char station[SIGNATURE_NAME_MAX + 1], key[SIGNATURE_NAME_MAX + 1];
    unsigned char secret[SIGNATURE_SECRET];
};

/* Refused where others than the owner may read it. */
bool key_file_read(struct key_file *file, const char *path, struct error *error);
/* Made anew, mode 600; a file that is there is left alone and an error. */
bool key_file_write(const struct key_file *file, const char *path, struct error *error);
