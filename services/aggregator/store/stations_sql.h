/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of stations' last words; the table is in sql/. */
#pragma once

#include "aggregator/core/station_report.h"
#include "postgres/connection.h"

extern const char stations_sql_seen[], stations_sql_seen_types[];

/* One parameter, the topic. The rows belong to station_report_of: it borrows from the result. */
extern const char stations_sql_ask[];
extern const char stations_sql_wall[]; /* and what was refused of each today */
struct station_report *stations_sql_report(const PGresult *result,
                                           const struct station_report_rules *rules);
