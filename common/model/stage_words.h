/* SPDX-License-Identifier: Apache-2.0 */
/* What stages and parties are called by those who read them, in both languages. */
#pragma once

#include "base/language.h"
#include "base/span.h"
#include "model/case_kind.h"

/* What the kind calls it, else our word. Absent where there is neither: its code is shown.
 * LANGUAGE_BOTH is Chinese; `kind` may be NULL. */
struct span stage_words_stage(const struct case_kind *kind, struct span stage,
                              enum language language);
/* Of something that was said: escalated by the router is a question to the desk, no step up. */
struct span stage_words_said(const struct case_kind *kind, struct span stage, struct span party,
                             enum language language);
struct span stage_words_party(struct span party, enum language language);
