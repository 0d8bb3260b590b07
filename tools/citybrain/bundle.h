/* SPDX-License-Identifier: Apache-2.0 */
/* A district's configuration as the three cores need it, out of one folder and by the loaders the
 * daemons use. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/core/batch.h"
#include "ingest/core/mapping.h"
#include "router/core/case_flow.h"

struct bundle {
    const char *folder;  /* borrowed */
    struct codes *codes; /* owned, as all of these */
    struct kinds *kinds;
    struct feeds *feeds;
    struct rule_bundle rule; /* what deciding reads */
    struct views *views;
    struct case_flow_rules flow; /* borrows from the above */
    struct batch_rules batch;
};

/* False when anything is wrong (added to diagnostics); bundle_fini is due in any case. */
bool bundle_load(struct bundle *bundle, const char *folder, struct diagnostics *diagnostics);
void bundle_fini(struct bundle *bundle);
/* False, and the name nearest to it, when no file declares that feed. */
bool bundle_has_feed(const struct bundle *bundle, const char *name, struct error *error);
/* A feed by its name, as a file of records may be sent to it at that time; NULL and why not. */
const struct feed *bundle_feed(const struct bundle *bundle, const char *name, int64_t at_ms,
                               struct error *error);
