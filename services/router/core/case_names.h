/* SPDX-License-Identifier: Apache-2.0 */
/* How the ids of a book begin: request:<namespace>: of thousands of cases, <trigger>| of groups. A
 * beginning is kept once, under a number of one byte. */
#pragma once

#include <stdint.h>

#include "base/span.h"

#define CASE_NAMES_MOST 255

struct case_names {
    struct span at[CASE_NAMES_MOST + 1]; /* owned; by number; 0 is the empty one */
    uint8_t place[2 * (CASE_NAMES_MOST + 1)];
    unsigned count;
};

struct case_name {
    unsigned prefix;
    struct span rest;
};

void case_names_fini(struct case_names *names);
/* What an id is here, always the same: while there is room its beginning is known, or nobody's. */
struct case_name case_names_find(const struct case_names *names, struct span id);
/* The same, its beginning noted. */
struct case_name case_names_add(struct case_names *names, struct span id);
