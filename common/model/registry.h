/* SPDX-License-Identifier: Apache-2.0 */
/* Dated CSV registries: config/registries/NAME.csv, header row, '#' lines skipped, columns
 * valid_from/valid_to (ISO dates, half-open, empty = always). Rows are found by code, or by one of
 * `aliases` (separated by ';'). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "config/diagnostics.h"

struct registry;
struct registry_row;
struct registry *registry_load(const char *file,
                               struct diagnostics *diagnostics); /* needs a column `code` */
void registry_free(struct registry *registry);
/* Valid on that civil day (days since 1970-01-01); INT64_MIN = any day, newest row. */
const struct registry_row *registry_find(const struct registry *registry, struct span code,
                                         int64_t day);
/* The next row that is named so on that day, behind `row`; NULL behind the last. */
const struct registry_row *registry_find_next(const struct registry *registry, struct span code,
                                              int64_t day, const struct registry_row *row);
/* From now on rows are found by the texts of that column too. They may name several rows. */
void registry_index(struct registry *registry, const char *column);
const struct registry_row *registry_at(const struct registry *registry,
                                       size_t index); /* NULL behind the last */
struct span registry_cell(const struct registry *registry, const struct registry_row *row,
                          const char *column);
/* The same in two steps, for who asks again and again. -1: it has no such column. */
int registry_column(const struct registry *registry, const char *column);
struct span registry_cell_at(const struct registry_row *row, int column);
/* Where a cell or a part of one stands in the file, which lives as long as the registry; the row's
 * begin where the text is neither. */
struct place registry_place(const struct registry *registry, const struct registry_row *row,
                            struct span text);
