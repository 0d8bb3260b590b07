/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that cannot fail. Every use is bounded by configuration or by admission, so exhaustion
 * is a bug to be seen at once and not a state to be carried through every caller. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *must_have(void *at, size_t size)
{
    if (at == NULL) {
        fprintf(stderr, "out of memory: %zu bytes\n", size);
        abort();
    }
    return at;
}

void *xmalloc(size_t size)
{
    return must_have(malloc(size ? size : 1), size);
}

void *xcalloc(size_t count, size_t size)
{
    return must_have(calloc(count ? count : 1, size ? size : 1), count * size);
}

void *xrealloc(void *at, size_t size)
{
    return must_have(realloc(at, size ? size : 1), size);
}

char *xstrdup(const char *text)
{
    return xspandup(span_of(text));
}

char *xspandup(struct span s)
{
    char *copy = xmalloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}
