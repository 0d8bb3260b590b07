/* SPDX-License-Identifier: Apache-2.0 */
/* What the targets share. A target is a file of this folder with one LLVMFuzzerTestOneInput; its
 * inputs stand in corpus/<target>/, and what once broke it in found/<target>/. `make fuzz` lets
 * libFuzzer look for more; `make unit` reads what is there (replay.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not an assert: it must hold in every build. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input's first bytes choose; 0 when it has none. */
static inline unsigned fuzz_choice(struct span *input)
{
    if (input->len == 0)
        return 0;
    unsigned choice = (unsigned char)input->at[0];
    *input = span_from(input->at + 1, input->len - 1);
    return choice;
}

static inline struct span fuzz_input(const uint8_t *data, size_t size)
{
    return span_from(size > 0 ? (const char *)data : "", size);
}
