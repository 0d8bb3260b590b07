/* SPDX-License-Identifier: Apache-2.0 */
/* The sentence of a firing. */
#pragma once

#include "router/core/firing.h"

/* `open: say` with its words filled in; a word that nothing is known of leaves nothing behind. */
void firing_say(struct strbuf *out, const struct firing *firing);
