/* SPDX-License-Identifier: Apache-2.0 */
/* How a person names a point in time to any verb: a day of the district, a time with its zone, or
 * how long ago. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of the host: what "now" is to a person. */
int64_t moment_now_ms(void);
bool moment_read(const char *text, int64_t now_ms, int64_t *ms);
/* "\"TEXT\" is no day (…), time (…) or duration (…)", by verb_usage; returns its status. */
int moment_bad(const char *verb, const char *text);
