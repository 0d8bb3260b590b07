/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of feeds' last words, and why their rows were refused; the tables are in sql/0020.
 */
#pragma once

#include "aggregator/core/feed_report.h"
#include "postgres/connection.h"

extern const char feeds_sql_heard[], feeds_sql_heard_types[];
extern const char feeds_sql_add_refused[], feeds_sql_add_refused_types[];

/* $1: the topic. The oldest of its partitions' newest ticks, stations' heartbeats and each feed's
 * newest word: of one snapshot. */
extern const char feeds_sql_ask[];
void feeds_sql_write(const PGresult *result, const struct station_report_rules *rules,
                     struct strbuf *out);

#define FEEDS_SQL_MOST_REASONS 1000
/* $1, $2: first and last civil day; $3 a feed; $4 a station; each may be NULL. Most rows first. */
extern const char feeds_sql_refused[];
/* {now, total, rows}; total: how many reasons there are, of which the first are told. */
void feeds_sql_write_refused(const PGresult *result, struct strbuf *out);
