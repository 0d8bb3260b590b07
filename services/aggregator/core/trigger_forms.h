/* SPDX-License-Identifier: Apache-2.0 */
/* Which triggers warn of what can pass by itself (docs/decisions/0371): of a limit, and of a
 * station's silence. Their codes, with "," between; what cannot be read is left out, the router
 * refuses it. */
#pragma once

#include "base/strbuf.h"

struct trigger_forms {
    struct strbuf limits;   /* absence: { before: due_at } */
    struct strbuf silences; /* silence: */
};

void trigger_forms_load(struct trigger_forms *forms, const char *folder);
void trigger_forms_fini(struct trigger_forms *forms);
