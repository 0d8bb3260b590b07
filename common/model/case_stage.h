/* SPDX-License-Identifier: Apache-2.0 */
/* Where a case stands, in one stage of its kind: for whoever tells people of it. The last line does
 * not say it: an order may stand behind an end that was told with the opening (0056, 0383). */
#pragma once

#include "model/case_fold.h"

/* Index of the stage; -1 = it has not been opened. */
int case_stage(const struct case_set *set, const struct case_fold *fold,
               const struct case_kind *kind);
