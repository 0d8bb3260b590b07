/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters for people: the newest ones, how many of a kind, or one of them. Cells that no event
 * may hold are told by their length alone. */
#pragma once

#include <stdio.h>

#include "base/strbuf.h"
#include "citybrain/dead_try.h"

/* ---- a list, oldest first ---- */

struct dead_list {
    struct dead_list_row *rows; /* owned */
    size_t count, capacity;
};

void dead_list_add(struct dead_list *list, const struct dead_letter *letter);
/* The newest `limit` of them (0 = all), as a table or as JSON; how many there are goes to stderr.
 */
void dead_list_show(struct dead_list *list, size_t limit, bool json, FILE *out);
void dead_list_fini(struct dead_list *list);

/* ---- groups: feed, reason and the field it is about; the most first; in each how many values the
 * field has, and those that most letters have ---- */

struct dead_groups {
    struct dead_group *by_name; /* owned */
};

/* `cell`: what it is refused for, NULL where nobody asked. */
void dead_groups_add(struct dead_groups *groups, const struct dead_letter *letter,
                     const struct dead_cell *cell);
void dead_groups_show(struct dead_groups *groups, bool json, FILE *out);
void dead_groups_fini(struct dead_groups *groups);
