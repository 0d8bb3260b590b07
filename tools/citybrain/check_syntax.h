/* SPDX-License-Identifier: Apache-2.0 */
/* The first level of a check: each file by itself. */
#pragma once

#include <stddef.h>

#include "config/diagnostics.h"

/* Every *.yaml and *.csv of the folder and of those in it, cases left out; how many there were. */
size_t check_syntax(const char *folder, struct diagnostics *diagnostics);
