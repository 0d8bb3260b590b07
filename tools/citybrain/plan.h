/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs have in common that write a part of the log once more. First they say what would come
 * of it, and nothing is done. With --execute, a person's name and a reason it is audited, then done
 * at a bounded rate with a line that says how fast and how long still, then audited again.
 *
 *   plan_check ─ (the verb's own plan) ─ plan_sign ─ plan_begin ─ plan_step … ─ plan_end
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "citybrain/progress.h"
#include "kafka/audit.h"
#include "kafka/client.h"

#define PLAN_ARGUMENTS 24
#define PLAN_RATE      500 /* records a second, where nobody says otherwise */

/* Rows for a verb's getopt_long, and lines for its help. */
#define PLAN_OPTIONS                                                                               \
    {"execute", 0, 0, 'X'}, {"as", 1, 0, 'A'}, {"reason", 1, 0, 'R'}, {"plan", 1, 0, 'P'},         \
    {                                                                                              \
        "rate", 1, 0, 'T'                                                                          \
    }
#define PLAN_HELP                                                                                  \
    "  --execute      do it; without it nothing is written\n"                                      \
    "  --as NAME, --reason TEXT   who does it and why: needed to execute, and audited\n"           \
    "  --plan HASH    only if the plan is still the one with that hash\n"                          \
    "  --rate N       records a second at most (default 500; 0 = as fast as it goes)\n"

struct plan {
    const char *verb; /* "dead redrive" */
    const char *who, *reason, *expected;
    bool execute;
    bool resumed; /* it was begun before, by the same words: not asked again */
    int64_t rate; /* records a second; 0 = unbounded */
    const struct kafka_settings *settings; /* borrowed */
    char hash[DIGEST_ID_LEN + 1];
    struct audit_argument arguments[PLAN_ARGUMENTS]; /* texts are borrowed until plan_end */
    size_t argument_count;
    struct progress progress;
    int64_t total, began_ms, shown_ms;
};

/* True where the option is one of PLAN_OPTIONS; *status is VERB_OK unless its value is none, which
 * was said. */
bool plan_option(struct plan *plan, int option, const char *value, int *status);
/* Exit status: what --execute needs is there. */
int plan_check(const struct plan *plan);
/* An argument of the audit records; an absent value is left out. */
void plan_add(struct plan *plan, const char *name, struct span value);
/* Its hash, over what it would do, as text. */
void plan_sign(struct plan *plan, struct span text);
/* Exit status. Not VERB_OK: nothing may be done, and why was said: it is another plan than --plan
 * names, or it cannot be audited. */
int plan_begin(struct plan *plan, int64_t total);
/* After each record: waits as long as the rate wants. */
void plan_step(struct plan *plan, int64_t done);
/* Exit status. `outcome` for audit ("done", "failed"), `note` for the person who waited. */
int plan_end(struct plan *plan, const char *outcome, const char *note);
