/* SPDX-License-Identifier: Apache-2.0 */
/* The part of utf8.c that looks at sixteen bytes at a time, where the processor can. */
#pragma once

#include <stddef.h>

#include "base/span.h"

/* A place in s, at the start of a sequence, with nothing but valid sequences before it: the first
 * fault, if there is one, lies at it or behind it. 0 where the processor cannot. */
size_t utf8_blocks_skip(struct span s);
