/* SPDX-License-Identifier: Apache-2.0 */
/* Places where a test build dies, stops or sleeps on demand:
 * CITYBRAIN_FAILPOINTS="name:action[:after_n],…" with actions exit (SIGKILL), stop (SIGSTOP),
 * sleep=MS, error. Nothing of it is in a release build. */
#pragma once

#include <stdbool.h>

#ifdef CITYBRAIN_FAILPOINTS
bool failpoint(const char *name); /* true: take the error path */
#else
static inline bool failpoint(const char *name)
{
    (void)name;
    return false;
}
#endif
