/* SPDX-License-Identifier: Apache-2.0 */
/* A feed as it was declared in YAML, compiled: columns are numbers, tables and patterns stand
 * ready. Read-only after loading; everything lives as long as its struct feeds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/charset.h"
#include "base/span.h"
#include "base/table.h"
#include "base/zone.h"
#include "config/diagnostics.h"
#include "model/case_kind.h"
#include "model/event.h"

#define MAPPING_MAX_COLUMNS 256
#define MAPPING_MAX_EVENTS  16
#define MAPPING_MAX_PATH    8   /* steps of a nested column's pointer */
#define MAPPING_VALUE_MAX   256 /* bytes of a public value, where a field does not say otherwise */
#define MAPPING_TEXT_MAX    4096

enum mapping_format { MAPPING_CSV, MAPPING_NDJSON, MAPPING_JSON, MAPPING_CLOUDEVENTS };

/* What of a value goes out: itself, its ends, a keyed hash, or nothing. */
enum mapping_class {
    MAPPING_PUBLIC,
    MAPPING_MASK,
    MAPPING_PSEUDONYM,
    MAPPING_CONTACT,
    MAPPING_DROP
};

/* Where a member of a JSON object leads: columns are leaves, nested ones hang below their parents.
 */
struct mapping_member {
    struct span name;
    int column; /* -1 = only a way to others */
    struct mapping_member *first, *next;
};

struct mapping_pair {
    struct span from, to; /* no `to`: a place of another level than the field's */
};

struct yaml_node;
struct mapping_table {
    const char *name;
    const struct yaml_node *written; /* NULL = made of a registry; as long as the feeds live */
    struct mapping_pair *pairs;      /* sorted by `from` */
    size_t count;
    struct table index;         /* owned: the pairs by `from` */
    struct mapping_table *next; /* of a registry: another one's */
};

/* Words looked for in a text, in buckets by their first two bytes. */
struct mapping_words {
    const char *name;
    struct span *words;
    uint16_t bucket[257];
};

struct mapping_date {
    enum { MAPPING_DATE_PATTERN, MAPPING_DATE_EXCEL, MAPPING_DATE_UNIX, MAPPING_DATE_UNIX_MS } form;
    const char *pattern;
    bool day_alone; /* it tells no time of day */
};

/* Both ends belong to it. */
struct mapping_range {
    enum { MAPPING_RANGE_NONE, MAPPING_RANGE_NUMBER, MAPPING_RANGE_TIME } of;
    int64_t from, to; /* millionths, or ms */
};

/* Another name of a column: what it was called before, or what another vendor calls it. */
struct mapping_synonym {
    const char *name;
    int column;
};

struct mapping_field {
    const char *name;
    struct place place;
    struct span member; /* "name": as it stands in an event */
    int *columns;       /* the first that is not missing gives the value */
    size_t column_count;
    const char *constant; /* NULL = none */
    const char *fallback; /* default; NULL = none */
    const struct mapping_table *table;
    const char *unknown; /* for a code that is not in the table; NULL = reject, unless it is kept */
    bool unknown_kept;   /* what the registry has not goes out as it stands */
    const char **splits; /* what stands between several codes in one cell */
    size_t split_count;
    const struct mapping_date *dates; /* the output is RFC 3339 in UTC */
    size_t date_count;
    struct mapping_range range;
    const struct mapping_words **words; /* the value is the names of the lists that are met */
    size_t word_count;
    enum mapping_class class_;
    int64_t keep_first, keep_last; /* characters a masked value shows */
    int64_t max;                   /* bytes */
    bool digits;                   /* all else is taken out of the value */
    bool day_end;                  /* a day alone is its end, not its begin */
    bool required;
};

struct mapping_condition {
    int column;
    bool negated;
    const char **values; /* one of them; NULL = present */
    size_t value_count;
    struct mapping_range range;
    const struct mapping_words *words; /* met in the text */
};

struct mapping_event {
    enum event_family family;
    const char *name; /* stage, or kind of the observation or registry */
    struct place place;
    struct mapping_condition *conditions; /* all hold */
    size_t condition_count;
    struct mapping_field time;
    struct mapping_field *fields; /* those that go out, in the file's order */
    size_t field_count;
    struct mapping_field *withheld; /* contact and drop: named, never read */
    size_t withheld_count;
};

/* The case is known under this number too. */
struct mapping_alias {
    const char *name;
    int column;
};

struct mapping {
    int64_t version, valid_from_ms;
    const char *label; /* "hotline_csv/3", of metrics */
    struct place place;
    enum mapping_format format;
    enum charset charset;
    struct zone *zone;    /* owned */
    char separator;       /* CSV */
    bool strict_header;   /* the header names exactly the known columns */
    bool half_width;      /* full-width letters, digits, signs and blanks are read as ASCII */
    struct span *missing; /* words that stand for nothing */
    size_t missing_count;
    const char *namespace_; /* "request:12345"; NULL = of no feed: what units say */
    int *numbers;           /* columns; the first that is not missing */
    size_t number_count;
    struct mapping_alias *aliases;
    size_t alias_count;
    int *identity; /* columns beside the number */
    size_t identity_count;
    bool identity_row;             /* upload and row number too: equal rows are different things */
    struct mapping_field revision; /* column_count 0 = none */
    const char *columns[MAPPING_MAX_COLUMNS]; /* names, or JSON pointers of nested members */
    size_t column_count;
    struct mapping_member *members; /* of JSON: the columns as a tree */
    struct mapping_synonym *synonyms;
    size_t synonym_count;
    struct mapping_table *tables;
    size_t table_count;
    struct mapping_table *registries; /* tables made of them, one a field */
    struct mapping_words *words;
    size_t words_count;
    struct mapping_event events[MAPPING_MAX_EVENTS];
    size_t event_count;
    bool needs_key; /* a field is a pseudonym */
};

struct feed {
    const char *id, *name, *owner;
    struct place id_place, owner_place;
    const char *party;        /* of its senders in the life of a case */
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
/* Is one of the words in the text? */
bool mapping_words_met(const struct mapping_words *list, struct span text);
/* What a code stands for; false when the table has it not, and true without an answer when it has
 * it on another level. */
bool mapping_table_find(const struct mapping_table *table, struct span from, struct span *to);
/* The column of that name or synonym; -1 = undeclared. */
int mapping_column(const struct mapping *mapping, struct span name);

/* The first version whose pseudonyms need a key, or NULL. */
const struct mapping *feeds_that_need_key(const struct feeds *feeds);
/* The version in force then, or by its number; NULL when there is none. */
const struct mapping *feed_mapping_at(const struct feed *feed, int64_t received_ms);
const struct mapping *feed_mapping(const struct feed *feed, int64_t version);
