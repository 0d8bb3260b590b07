/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and keys: files of who may come in. No cell of theirs is ever in a finding. */
#pragma once

#include "citybrain/bundle.h"

/* Those that ingest.yaml and aggregator.yaml of the folder name, and its own tokens.csv, which the
 * local demo takes; where they are and may be read by who asks. What they are for is a feed or a
 * unit of the folder's. */
void check_credentials(const struct bundle *bundle, const char *folder,
                       struct diagnostics *diagnostics);
