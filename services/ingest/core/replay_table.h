/* SPDX-License-Identifier: Apache-2.0 */
/* Message ids that were used in the last ten minutes, by station, in memory that never grows.
 *
 * Nothing is forgotten before its time: a station that uses more ids than there is room for is told
 * to wait. Half of the room is shared out, so that what one uses up is never another's: each of
 * 1,024 places that stations fall on has its part, and the other half is whoever's comes first. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define REPLAY_TABLE_KEEP_MS 600000
#define REPLAY_TABLE_SEED    16
#define REPLAY_TABLE_LEAST   4096 /* entries */

enum replay { REPLAY_NEW, REPLAY_SEEN, REPLAY_NO_ROOM };

struct replay_table;
/* `capacity` entries of 24 bytes. The seed is drawn by chance: without it nobody can choose ids
 * that meet in one place. */
struct replay_table *replay_table_new(size_t capacity, const unsigned char seed[REPLAY_TABLE_SEED]);
void replay_table_free(struct replay_table *table);
/* Remembers what is new. Time does not go back here: an earlier `now_ms` is the latest one. */
enum replay replay_table_add(struct replay_table *table, struct span station, struct span message,
                             int64_t now_ms);
size_t replay_table_count(const struct replay_table *table); /* not yet forgotten */
