/* SPDX-License-Identifier: Apache-2.0 */
/* `citybrain views apply`: becomes the aggregator's own program, which alone may write its cells.
 */
#pragma once

int views_apply(int argc, char **argv);

#define VIEWS_APPLY_HELP                                                                           \
    "       citybrain views apply [--execute --as NAME --reason TEXT] [--plan HASH] [--all]\n"     \
    "                             [--drop] [--json] [--config DIR] [--set KEY=VALUE]...\n\n"       \
    "apply: an aggregator refuses to start (78) where the cells in PostgreSQL were made by "       \
    "other\n"                                                                                      \
    "kinds/ or views/ than it reads. apply says which views are new, changed or gone; --execute\n" \
    "fills them aside from the stored sets while the running aggregators go on under the old "     \
    "files,\n"                                                                                     \
    "and swaps them in: running aggregators are then fenced, end, and start again with the new\n"  \
    "ones. Killed, it goes on where it stopped when it is run again. --all fills every view "      \
    "anew,\n"                                                                                      \
    "--drop throws away what was begun. $CITYBRAIN_PG names the database, as for the "             \
    "aggregator.\n\n"
