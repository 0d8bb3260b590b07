/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as a tree with places (libyaml behind this file only). Refuses anchors, aliases, tags, merge
 * keys, duplicate keys and several documents: declarations, not programs. Every scalar stays text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_type type;
    struct place place;
    const char *key; /* in a map: this entry's key; else NULL; owned by the document */
    struct place key_place;
    const char *text;        /* scalar, NUL-terminated; "" for an empty plain scalar */
    bool quoted;             /* "…" or '…' */
    struct yaml_node *first; /* list items or map entries, in order */
    struct yaml_node *next;
    size_t count; /* children */
};

struct yaml_document; /* owns its nodes and the file's name */
/* NULL when the file cannot be read or parsed: an error was added. `file` is used in messages as
 * given. */
struct yaml_document *yaml_load(const char *file, struct diagnostics *diagnostics);
struct yaml_document *yaml_parse(const char *name, struct span text,
                                 struct diagnostics *diagnostics);
void yaml_discard(struct yaml_document *document);
/* Inline on purpose: libyaml.so exports a yaml_free of its own, and a global one here would take
 * its place. */
static inline void yaml_free(struct yaml_document *document)
{
    yaml_discard(document);
}
const struct yaml_node *yaml_root(const struct yaml_document *document); /* a map */

const struct yaml_node *yaml_get(const struct yaml_node *map,
                                 const char *key); /* NULL when absent */
/* Each adds an error and returns false when the node is not of that form. */
bool yaml_text(const struct yaml_node *node, const char **text, struct diagnostics *d);
bool yaml_int(const struct yaml_node *node, int64_t min, int64_t max, int64_t *value,
              struct diagnostics *d);
bool yaml_bool(const struct yaml_node *node, bool *value, struct diagnostics *d); /* true | false */
bool yaml_duration(const struct yaml_node *node, int64_t *ms,
                   struct diagnostics *d); /* 30s 15m 24h 7d */
bool yaml_time(const struct yaml_node *node, int64_t *ms,
               struct diagnostics *d); /* date or RFC 3339 */
/* A date alone begins at midnight of the districts' time, China's one zone; with an offset that
 * holds. Seconds may be left out (2026-03-01T00:00+08:00). */
#define YAML_DATE_ZONE_MINUTES 480
/* The entry, or NULL and an error at the map's place. The readers above return false for a NULL
 * node without a further error, so yaml_text(yaml_require(map, "id", d), &id, d) reports once. */
const struct yaml_node *yaml_require(const struct yaml_node *map, const char *key,
                                     struct diagnostics *d);
/* Unknown keys of a map are named with the nearest known one. `known` ends with NULL. */
bool yaml_only_keys(const struct yaml_node *map, const char *const *known, struct diagnostics *d);
/* The error yaml_only_keys gives, for readers whose keys are not a plain list. */
void yaml_add_unknown(const struct yaml_node *entry, const char *const *known, size_t count,
                      struct diagnostics *d);
