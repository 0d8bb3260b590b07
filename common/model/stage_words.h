/* SPDX-License-Identifier: Apache-2.0 */
/* What stages and parties are called by those who read them, in both languages. */
#pragma once

#include "base/language.h"
#include "base/span.h"

/* Absent where there is no word for it: a kind of an adopter's needs none, its code is shown.
 * LANGUAGE_BOTH is Chinese. */
struct span stage_words_stage(struct span stage, enum language language);
struct span stage_words_party(struct span party, enum language language);
