/* SPDX-License-Identifier: Apache-2.0 */
/* What other rules would have decided, beside what was decided: counted by rule and by unit, with
 * examples. Its size hangs on how many rules and units there are, not on how many orders. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "model/json.h"

/* What a decision that differs differs in; each order counts in every one that holds. */
#define BACKTEST_CHANGES(X)                                                                        \
    X(MOVED, moved, lead)                                                                          \
    X(DUE, due, due_at)                                                                            \
    X(CLASS, class, limit_class)                                                                   \
    X(DISPOSITION, disposition, disposition)                                                       \
    X(RULE, rule, rule)
enum backtest_change {
#define BACKTEST_ENUM(name, word, member) BACKTEST_##name,
    BACKTEST_CHANGES(BACKTEST_ENUM)
#undef BACKTEST_ENUM
        BACKTEST_OTHER, /* reason, alternatives, guide: nobody else, no other time */
    BACKTEST_CHANGE_COUNT
};

struct backtest_row { /* orders decided by one rule then and by another now; or by units, by bundles
                       */
    char then[64], now[64];
    int64_t orders, different; /* different: of a bundle's */
    int64_t changed[BACKTEST_CHANGE_COUNT], examples;
};

struct backtest_rows {
    struct backtest_row *list; /* owned */
    size_t count;
};

struct backtest_report {
    const char *bundle;    /* borrowed: the hash of the one asked now */
    int64_t examples_most; /* of each pair of rules */
    int64_t compared, different;
    int64_t missing; /* due by the log's own events, and not on it (yet) */
    int64_t unasked; /* on the log, and not due by what stands before it there */
    int64_t unreadable;
    int64_t first_ms, last_ms; /* of the decisions compared; TIMESTAMP_NONE = none */
    struct backtest_rows rules, units, bundles;
    struct strbuf examples; /* JSON objects, ',' between them */
    struct strbuf a, b;     /* for comparing */
};

void backtest_report_init(struct backtest_report *report, const char *bundle, int64_t examples);
void backtest_report_fini(struct backtest_report *report);
/* The data of one decision, as the log has them and as they would be now. */
void backtest_report_add(struct backtest_report *report, struct span case_id, int64_t time_ms,
                         const struct json_value *then, const struct json_value *now);
void backtest_report_write(const struct backtest_report *report, struct strbuf *json);
void backtest_report_show(const struct backtest_report *report, FILE *out);
