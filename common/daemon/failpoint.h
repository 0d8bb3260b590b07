/* SPDX-License-Identifier: Apache-2.0 */
/* Places where a test build dies, stops or sleeps on demand:
 * CITYBRAIN_FAILPOINTS="name:action[:after_n],…" with actions exit (SIGKILL), stop (SIGSTOP),
 * sleep=MS, error. Nothing of it is in a release build.
 *
 * The first after_n passes do nothing. From then on error and sleep act at every pass, stop once:
 * a process that was continued is not stopped again. A name may be listed several times. What
 * cannot be read ends the process with 78: a misspelt accident must not look like a passed test. */
#pragma once

#include <stdbool.h>

#ifdef CITYBRAIN_FAILPOINTS
bool failpoint(const char *name); /* true: take the error path */
/* In place of the environment, for tests; false: not understood, and no point is set. */
bool failpoint_load(const char *text);
#else
static inline bool failpoint(const char *name)
{
    (void)name;
    return false;
}
#endif
