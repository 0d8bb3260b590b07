/* SPDX-License-Identifier: Apache-2.0 */
/* Heap for set-up and long-lived things. Aborts on exhaustion with a line on stderr:
 * memory is bounded by admission, so running out is a bug, not an input. */
#pragma once

#include <stddef.h>

#include "base/span.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed */
void *xrealloc(void *at, size_t size);
char *xstrdup(const char *text);
char *xspandup(struct span s); /* NUL-terminated copy, owned by the caller */
