/* SPDX-License-Identifier: Apache-2.0 */
/* A new version of a feed's mapping, which begins as a copy of one that is there: text behind the
 * last one, comments and all. Nothing else of the file is touched, and nothing is written that the
 * daemon would refuse. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "config/diagnostics.h"

struct mapping_copy {
    const char *file;               /* feeds/<feed>.yaml */
    int64_t of;                     /* the version to copy; 0 = the newest. Then the one taken */
    int64_t valid_from_ms, version; /* from when on; version: the new one's number */
    int line, last_line;            /* where it stands now, from 1 */
    struct strbuf tables;           /* owned: files beside that it names, ", " between */
};

/* True: written. Else what is wrong is on `diagnostics`, and the file is as it was. */
bool mapping_copy_write(struct mapping_copy *copy, struct diagnostics *diagnostics);
