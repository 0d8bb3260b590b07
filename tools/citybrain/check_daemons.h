/* SPDX-License-Identifier: Apache-2.0 */
/* The daemons' own settings, asked of the daemons: each reads its file as at its start. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* What they say goes to `out`; the number of those that would not start. A daemon that does not lie
 * beside this program is not asked. */
size_t check_daemons(const char *folder, FILE *out);
