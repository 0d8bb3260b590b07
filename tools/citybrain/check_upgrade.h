/* SPDX-License-Identifier: Apache-2.0 */
/* An adopter's configuration beside that of this release: what has to be added before its programs
 * run on it, and what might be. */
#pragma once

#include <stdio.h>

#include "config/diagnostics.h"

/* What is needed is an error, with the line to add; what is new or differs is a line on `out`. */
void check_upgrade(const char *folder, const char *release, FILE *out,
                   struct diagnostics *diagnostics);
