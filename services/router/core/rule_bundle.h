/* SPDX-License-Identifier: Apache-2.0 */
/* All that deciding reads beside the case itself, loaded by one function for the daemon, the
 * command and tests. Read once and never changed: a reload makes another one and puts it in its
 * place. */
#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "config/diagnostics.h"
#include "model/case_kind.h"
#include "model/stations.h"
#include "router/core/district.h"
#include "router/core/listeners.h"
#include "router/core/rules.h"
#include "router/core/trigger.h"

struct rule_bundle {
    char hash[DIGEST_ID_LEN + 1]; /* the name decisions carry: bundle_hash of its folder */
    struct district district;
    struct rules *rules; /* owned, as all of it */
    struct triggers *triggers;
    struct listeners *listeners; /* of these triggers */
    struct stations *stations;   /* whose silence is judged */
};

/* False when anything is wrong: every finding is in the diagnostics, what could be read is there to
 * be looked at, and rule_bundle_fini is due in any case. `kinds` are borrowed as long as the bundle
 * lives. */
bool rule_bundle_load(struct rule_bundle *bundle, const char *config_dir, const struct kinds *kinds,
                      struct diagnostics *diagnostics);
void rule_bundle_fini(struct rule_bundle *bundle);
