/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped codes and kinds, and an arena: what tests of a case's set and fold begin with. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "model/case_fold.h"

static struct codes *codes;
static struct kinds *kinds;
static struct arena arena;

static inline int load_kinds(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    arena_init(&arena, 8 << 20);
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return kinds ? 0 : -1;
}

static inline int unload_kinds(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    arena_fini(&arena);
    return 0;
}
