/* SPDX-License-Identifier: Apache-2.0 */
/* A view as data: config/views/<view>.yaml, compiled once (docs/views.md). A count takes one
 * integer column of the cells (<name>_n), a duration two (<name>_n, <name>_ms), a stock one; a
 * ratio and a formula take none, they are computed when read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/view_bucket.h"
#include "aggregator/core/view_fact.h"
#include "base/digest.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "config/yaml_name.h"
#include "model/case_kind.h"

#define VIEW_MAX_GROUPS      4
#define VIEW_MAX_MEASURES    16
#define VIEW_MAX_COLUMNS     (2 * VIEW_MAX_MEASURES)
#define VIEW_MAX_STOCKS      2
#define VIEW_MAX_CONDITIONS  3
#define VIEW_MAX_VALUES      6
#define VIEW_MAX_PERCENTILES 4
#define VIEW_MAX_VERSIONS    6
#define VIEW_MAX_TERMS       6
#define VIEW_WEIGHT_ONE      10000 /* weights are integers of this */

/* A moment is one of these, or VIEW_STAGE + the index of one of the kind's stages. */
enum {
    VIEW_OPENED,
    VIEW_RESPONSE,
    VIEW_RESOLUTION,
    VIEW_CLOSURE,
    VIEW_MATTER,   /* 事项数: opened, and no child of another case */
    VIEW_DOUBLE,   /* 双系统重复: opened, and another system's case is the one that counts */
    VIEW_DUE,      /* may lie ahead */
    VIEW_DONE,     /* resolved, or closed where nobody told of a resolution */
    VIEW_NAMED,    /* of a helper: called */
    VIEW_REPORTED, /* of a helper: there */
    VIEW_UPHELD,   /* each decision that upheld a dispute, in any round: of a flow by it alone */
    VIEW_STAGE
};
enum view_measure_type { VIEW_COUNT, VIEW_RATIO, VIEW_DURATION, VIEW_FORMULA, VIEW_STOCK };

struct view_condition { /* the fact is one of the values; negated: is none of them */
    int fact;
    const char *values[VIEW_MAX_VALUES];
    size_t value_count;
    bool negated;
    bool of_words; /* the fact is words between blanks, and one of them is enough */
    struct place place;
};

struct view_term {
    size_t measure; /* index */
    int weight;     /* of VIEW_WEIGHT_ONE */
};

struct view_version {   /* of a formula, in force for buckets that begin on its day or later */
    int64_t valid_from; /* day */
    const char *name;   /* that day as it is written */
    struct view_term terms[VIEW_MAX_TERMS];
    size_t term_count;
};

struct view_measure {
    const char *name;       /* column prefix: lower-case letters, digits, '_' */
    struct yaml_name title; /* what people read; the name where none is given */
    enum view_measure_type type;
    bool is_flow;       /* counted in the bucket of a moment of its own */
    int bucket;         /* moment: whose bucket the cell has */
    int from, to;       /* moments. COUNT: `to` alone; DURATION, STOCK: both */
    bool while_held;    /* STOCK: 挂账, in the place of from and to */
    bool net;           /* DURATION: without the pauses */
    size_t part, whole; /* RATIO: indexes of counts; FORMULA: `whole` where has_whole */
    bool has_whole;
    int scale;     /* FORMULA: 1 or 100 */
    size_t column; /* first of its columns; unused by RATIO and FORMULA */
    struct view_condition when[VIEW_MAX_CONDITIONS];
    size_t condition_count;
    int percentiles[VIEW_MAX_PERCENTILES]; /* DURATION: 50, 90 … */
    size_t percentile_count;
    struct view_version *versions; /* FORMULA: owned by the view; by day, oldest first */
    size_t version_count;
};

struct view {
    const char *name;
    struct yaml_name title;
    const char *kind;
    const struct case_kind *of; /* borrowed: what `kind` names */
    bool of_helpers;            /* a row's subject is a helper, not the case */
    bool of_whistles;           /* of those only who was whistled for */
    int groups[VIEW_MAX_GROUPS];
    const char *group_names[VIEW_MAX_GROUPS]; /* columns */
    size_t group_count;
    enum view_bucket buckets[VIEW_BUCKETS]; /* the first is that of api.<view> */
    size_t bucket_count;
    enum view_grain grain;
    int cohort; /* moment */
    struct view_measure measures[VIEW_MAX_MEASURES];
    size_t measure_count;
    size_t column_count;
    bool has_durations, is_stock, has_rates; /* rates: ratios or formulas */
    int accepted_in;                         /* index of that kept field, -1 = codes.csv has none */
    char hash[DIGEST_ID_LEN + 1];            /* of what its file says */
};

struct views; /* every view of a folder, by name */
struct views *views_load(const char *folder, const struct kinds *kinds,
                         struct diagnostics *diagnostics);
/* One view from text, for tests and checks. */
struct views *views_parse(const char *name, struct span text, const struct kinds *kinds,
                          struct diagnostics *diagnostics);
void views_free(struct views *views);
size_t views_count(const struct views *views);
const struct view *views_at(const struct views *views, size_t index);
const struct view *views_find(const struct views *views,
                              struct span name); /* NULL when there is none */
/* Hash over what all files say, sorted by name, without comments and names of views and measures:
 * part of what shapes contributions. */
struct span views_hash(const struct views *views);

bool view_has_bucket(const struct view *view, enum view_bucket bucket);
bool view_has_formula(const struct view *view);
/* Index of the group, or -1. */
int view_group_index(const struct view *view, int fact);
/* The version of a formula in force on that day; NULL before the first. */
const struct view_version *view_version_at(const struct view_measure *measure, int64_t day);
