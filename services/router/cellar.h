/* SPDX-License-Identifier: Apache-2.0 */
/* The disk of the router's shelves: one file without a name, gone with the process. What is in it
 * is in state.cases and state.windows too; it only need not be in memory. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "daemon/metrics.h"
#include "router/core/shelf.h"

struct cellar;
/* In that folder, which is made when it is missing. */
struct cellar *cellar_open(const char *folder, int64_t memory_bytes, struct metrics *metrics,
                           struct error *error);
struct shelf_store *cellar_store(struct cellar *cellar);
/* Once a commit. */
void cellar_show(struct cellar *cellar);
