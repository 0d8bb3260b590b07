/* SPDX-License-Identifier: Apache-2.0 */
/* One item of an upload through every stage, as one JSON object: where it lies, its bytes, cells,
 * verdict, events, and what router would make of them were they the first it hears. */
#pragma once

#include "citybrain/bundle.h"
#include "citybrain/upload.h"
#include "ingest/core/normalise.h"
#include "ingest/core/raw_item.h"

struct explain_record {
    const struct bundle *bundle; /* borrowed */
    const char *path;            /* of the file */
    bool private_too;            /* texts that no event may hold are shown */
    struct normalise normalise;
    struct raw_item item;
};

void explain_record_init(struct explain_record *record, const struct bundle *bundle,
                         size_t max_bytes);
void explain_record_fini(struct explain_record *record);
/* Returns the verdict. */
enum reject explain_record_write(struct explain_record *record, const struct upload *upload,
                                 const struct framing_item *framed, struct strbuf *out);
