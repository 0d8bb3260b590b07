/* SPDX-License-Identifier: Apache-2.0 */
/* What only the aggregator's own code may do to its database, done by its program: it stands beside
 * us, and takes our place. */
#pragma once

/* argv[0] is the verb's name, --config DIR its configuration. Returns only when it cannot be run:
 * an exit status. */
int run_aggregator(const char *mode, int argc, char **argv);
