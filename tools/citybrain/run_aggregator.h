/* SPDX-License-Identifier: Apache-2.0 */
/* What only the aggregator's own code may do to its database, done by its program: it stands beside
 * us, and takes our place. */
#pragma once

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>

/* A verb's options as getopt read them: --name=value, and a name's beginning, are taken apart here,
 * for the daemon reads whole names with their values behind them. */
struct run_aggregator {
    bool said[UCHAR_MAX + 1]; /* by the option's letter */
    const char *config;       /* of --config, else as every verb's */
    char **words;             /* all others; texts are borrowed */
    int count;
};

/* Exit status: not VERB_OK where a word is none of the verb's, which was said. argv[0] is a name.
 */
int run_aggregator_read(struct run_aggregator *run, const char *verb, const struct option *options,
                        int argc, char **argv);
/* Returns only when it cannot be run: an exit status. */
int run_aggregator_start(struct run_aggregator *run, const char *verb, const char *mode);
