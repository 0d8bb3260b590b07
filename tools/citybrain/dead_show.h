/* SPDX-License-Identifier: Apache-2.0 */
/* One dead letter for somebody who asks why: where it came from, what is wrong with it, its cells,
 * what would come of it today, and its bytes where they may be seen. */
#pragma once

#include <stdio.h>

#include "citybrain/dead_try.h"

/* `bytes`: they are shown too, and not their number alone. */
void dead_show(struct dead_try *trial, const struct dead_letter *letter, bool bytes, bool json,
               FILE *out);
