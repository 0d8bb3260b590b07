/* SPDX-License-Identifier: Apache-2.0 */
/* The revision of an event that mirrors another one (docs/decisions/0038): it orders as the
 * original's does, so a correction of the original corrects the mirror whatever arrives first. */
#pragma once

#include "base/span.h"
#include "model/ids.h"

/* `original`, `behind`: as case lines have them. Received not before `behind` was (absent:
 * whenever); the hash is that of `data_json`. A revision of another make than ours counts as none.
 */
void revision_mirror(char revision[REVISION_LEN + 1], struct span original, struct span behind,
                     struct span data_json);
