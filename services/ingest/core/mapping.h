/* SPDX-License-Identifier: Apache-2.0 */
/* A feed as it was declared in YAML, compiled: columns are numbers, tables and patterns stand
 * ready. Read-only after loading; everything lives as long as its struct feeds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/charset.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "model/case_kind.h"

#define MAPPING_MAX_COLUMNS 256
#define MAPPING_MAX_EVENTS  16

enum mapping_format { MAPPING_CSV, MAPPING_NDJSON, MAPPING_JSON, MAPPING_CLOUDEVENTS };

struct mapping_pair {
    const char *from, *to;
};

struct mapping_table {
    const char *name;
    struct mapping_pair *pairs;
    size_t count;
};

struct mapping_field {
    const char *name;
    int *columns; /* the first that is not missing gives the value */
    size_t column_count;
    const char *constant; /* NULL = none */
    const char *fallback; /* default; NULL = none */
    const struct mapping_table *table;
    const char *unknown; /* for a code that is not in the table; NULL = reject */
    const char **dates;  /* patterns; the output is RFC 3339 in UTC */
    size_t date_count;
    bool required;
};

struct mapping_condition {
    int column;
    const char **values; /* one of them; NULL = present */
    size_t value_count;
};

struct mapping_event {
    const char *stage;
    struct place place;
    struct mapping_condition *conditions; /* all hold */
    size_t condition_count;
    struct mapping_field time;
    struct mapping_field *fields; /* the public ones, in the file's order */
    size_t field_count;
};

struct mapping {
    int64_t version, valid_from_ms;
    struct place place;
    enum mapping_format format;
    enum charset charset;
    int zone_minutes;
    bool strict_header; /* the header names exactly the known columns */
    const char **missing;
    size_t missing_count;
    const char *namespace_; /* "request:12345"; NULL = of no feed: what units say */
    int number;             /* column */
    int *identity;          /* columns beside the number */
    size_t identity_count;
    bool identity_row;             /* upload and row number too: equal rows are different things */
    struct mapping_field revision; /* column_count 0 = none */
    const char *columns[MAPPING_MAX_COLUMNS];
    size_t column_count;
    struct mapping_table *tables;
    size_t table_count;
    struct mapping_event events[MAPPING_MAX_EVENTS];
    size_t event_count;
};

struct feed {
    const char *id, *name, *owner;
    const char *source;       /* of its events: "/feeds/" and the id */
    int64_t spread;           /* raw keys "id#0" .. "id#n-1"; 1 = the id alone */
    struct mapping *versions; /* valid_from rises */
    size_t version_count;
};

struct feeds;
/* Every *.yaml of the folder; NULL when one has an error (added to diagnostics). */
struct feeds *feeds_load(const char *folder, struct diagnostics *diagnostics);
/* One feed out of memory, for tests and `try`. */
struct feeds *feeds_parse(const char *name, struct span text, struct diagnostics *diagnostics);
void feeds_free(struct feeds *feeds);
const struct feed *feeds_find(const struct feeds *feeds, struct span id);
const struct feed *feeds_at(const struct feeds *feeds, size_t index); /* NULL behind the last */
/* Every event's stage is one of its kind; errors are added. */
bool feeds_check_kinds(const struct feeds *feeds, const struct kinds *kinds,
                       struct diagnostics *diagnostics);

/* The version in force then, or by its number; NULL when there is none. */
const struct mapping *feed_mapping_at(const struct feed *feed, int64_t received_ms);
const struct mapping *feed_mapping(const struct feed *feed, int64_t version);
