/* SPDX-License-Identifier: Apache-2.0 */
/* A point in time between a person and any verb. It is named as a day of the district, a time with
 * its zone, or how long ago; it is shown as the district's, with its zone, and what is shown may be
 * named again. JSON has UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Of the host: what "now" is to a person. */
int64_t moment_now_ms(void);
bool moment_read(const char *text, int64_t now_ms, int64_t *ms);
/* "\"TEXT\" is no day (…), time (…) or duration (…)", by verb_usage; returns its status. */
int moment_bad(const char *verb, const char *text);

/* "2026-03-02 18:00:00+08:00"; TIMESTAMP_NONE is "-". */
void moment_add(struct strbuf *out, int64_t ms);
/* The same of a log's text; false, and nothing added, where it is no time. */
bool moment_add_text(struct strbuf *out, struct span text);
/* Without the zone, under a heading that says it. */
void moment_add_bare(struct strbuf *out, int64_t ms);
