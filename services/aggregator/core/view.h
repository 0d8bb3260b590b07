/* SPDX-License-Identifier: Apache-2.0 */
/* A view as data: config/views/<view>.yaml, compiled once. A measure takes one or two integer
 * columns of the cells (<name>_n, and <name>_ms for durations); a ratio takes none, it is computed
 * when read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "model/case_kind.h"

#define VIEW_MAX_GROUPS   4
#define VIEW_MAX_MEASURES 16
#define VIEW_MAX_COLUMNS  (2 * VIEW_MAX_MEASURES)

enum view_group { VIEW_UNIT, VIEW_TYPE, VIEW_STREET, VIEW_COMMUNITY };
/* A moment is one of these, or VIEW_STAGE + the index of one of the kind's stages. */
enum {
    VIEW_OPENED,
    VIEW_RESPONSE,
    VIEW_RESOLUTION,
    VIEW_CLOSURE,
    VIEW_MATTER, /* 事项数: opened, and no child of another case */
    VIEW_DOUBLE, /* 双系统重复: opened, and another system's case is the one that counts */
    VIEW_STAGE
};
enum view_measure_type { VIEW_COUNT, VIEW_RATIO, VIEW_DURATION };

struct view_measure {
    const char *name;  /* column prefix: lower-case letters, digits, '_' */
    const char *title; /* what people read; the name where none is given */
    enum view_measure_type type;
    int bucket;         /* moment: whose day the cell has: opened for cohort, its own for flow */
    int from, to;       /* moments. COUNT: `to` alone; DURATION: both */
    size_t part, whole; /* RATIO: indexes of counts */
    size_t column;      /* first of its columns; unused by RATIO */
};

struct view {
    const char *name, *title;
    const char *kind;
    const struct case_kind *of; /* borrowed: what `kind` names */
    enum view_group groups[VIEW_MAX_GROUPS];
    size_t group_count;
    struct view_measure measures[VIEW_MAX_MEASURES];
    size_t measure_count;
    size_t column_count;
    bool has_durations;
    bool hourly;                  /* its cells are hours of a day, not days */
    char hash[DIGEST_ID_LEN + 1]; /* of its file's bytes */
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
/* Hash over the files' bytes, sorted by name: part of what shapes contributions. */
struct span views_hash(const struct views *views);
const char *view_group_name(enum view_group group);
