/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands in the way of a statement that ended by its lock_timeout, in words for people. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"

/* How long a verb waits for a lock: nobody's statement holds one so long by right. */
#define LOCK_HOLDERS_PATIENCE "SET lock_timeout = '5s'"

bool lock_holders_is(const struct error *error); /* it ended so */
/* A line each: what is locked, by whom, since when; then where it is written what to do. By a
 * connection of its own, since the other one is closed. `writes`: the statement did, so that more
 * than an exclusive lock stops it. */
void lock_holders_add(struct strbuf *out, const char *conninfo, bool writes);
