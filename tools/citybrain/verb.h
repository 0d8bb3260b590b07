/* SPDX-License-Identifier: Apache-2.0 */
/* One verb of the command: a row in main.c's table. Data goes to stdout, everything else to stderr;
 * exit codes are those of sysexits. */
#pragma once

#include <getopt.h>
#include <stddef.h>

struct verb {
    const char *name;
    const char *summary; /* one line for `citybrain help` */
    const char *help;    /* the whole page for `citybrain NAME --help` */
    int (*run)(int argc, char **argv);
    const struct option *options; /* getopt's own table: completion and manuals are made of it */
    const char *words;            /* what may stand behind its name; NULL = no such words */
};

extern const struct verb verb_backtest;
extern const struct verb verb_check;
extern const struct verb verb_completion;
extern const struct verb verb_dead;
extern const struct verb verb_desk;
extern const struct verb verb_explain;
extern const struct verb verb_gen;
extern const struct verb verb_init;
extern const struct verb verb_key;
extern const struct verb verb_lag;
extern const struct verb verb_mapping;
extern const struct verb verb_period;
extern const struct verb verb_reasons;
extern const struct verb verb_rebuild;
extern const struct verb verb_replay;
extern const struct verb verb_report;
extern const struct verb verb_send;
extern const struct verb verb_stations;
extern const struct verb verb_tap;
extern const struct verb verb_test;
extern const struct verb verb_topics;
extern const struct verb verb_try;
extern const struct verb verb_verify;
extern const struct verb verb_views;
extern const struct verb verb_why;

enum verb_exit {
    VERB_OK = 0,
    VERB_FAILED = 1,
    VERB_USAGE = 64,
    VERB_UNAVAILABLE = 69,
    VERB_CONFIG = 78
};

const struct verb *verb_at(size_t index); /* by name; NULL behind the last */
/* The folder of the configuration where no --config names it: $CITYBRAIN_CONFIG or config. */
const char *verb_config_dir(void);

/* "citybrain NAME: text; see citybrain NAME --help" on stderr; returns VERB_USAGE. */
int verb_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What getopt could not take: it stands right before optind. */
int verb_bad_option(const char *name, char **argv);
struct error;
/* Behind its text: what to do where no broker answered, "" where something else was wrong. */
const char *verb_broker_fix(const struct error *error);
