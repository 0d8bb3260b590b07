/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is, derived from its set alone: no clock, no registry, no other case. Used by router,
 * aggregator and `try` alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timestamp.h"
#include "model/case_kind.h"
#include "model/case_set.h"

/* In a round; one more is an impossible move. */
#define CASE_FOLD_MOST_CO        16
#define CASE_FOLD_MOST_SUBS      16
#define CASE_FOLD_MOST_PAUSES    16
#define CASE_FOLD_MOST_OLD_LEADS 4
#define CASE_FOLD_MOST_LEADS     12 /* in a case's life; behind it the last one's times grow */
#define CASE_FOLD_MOST_FORMER    15 /* rounds that were; what is in more of them is forgotten */
#define CASE_FOLD_MOST_UPHELD    16 /* in a case's life; when more of them were is forgotten */

/* Rules of amendments whose deadline counts. */
#define CASE_RULE_CORRECTED    "corrected"
#define CASE_RULE_WORKING_TIME "working_time"

enum line_effect { LINE_COUNTS, LINE_IMPOSSIBLE, LINE_NOT_YOURS };

/* Why a line has no effect. */
enum line_reason {
    LINE_REASON_NONE,
    LINE_REASON_STAGE,      /* its kind has no such stage */
    LINE_REASON_PARTY,      /* the move is another party's */
    LINE_REASON_RELATION,   /* the unit is not what it would have to be: lead, co, sub */
    LINE_REASON_EARLY,      /* nothing of what it comes after holds */
    LINE_REASON_AGAIN,      /* it is opened already */
    LINE_REASON_FORBIDDEN,  /* what holds now forbids it */
    LINE_REASON_OFTEN,      /* as often as it may happen in a case's life */
    LINE_REASON_INCOMPLETE, /* its data lack what it needs */
    LINE_REASON_UNASKED,    /* a recall that nothing asked for, a word about a former round */
    LINE_REASON_CROWDED,    /* no room for one more unit, office or pause */
    LINE_REASON_CHILD,      /* the case is a child: its parent's units have the duty */
    LINE_REASON_FAMILY,     /* nothing can be merged, unmerged or copied so */
    LINE_REASON_ITSELF      /* the lead is no helper of its own */
};

struct case_co { /* a unit that helps: named by the desk or by the lead's whistle */
    struct span unit;
    struct span cause_id; /* of what named it last */
    struct span told_id;  /* of the router's order to it; absent = not told yet */
    int64_t due_ms;       /* its own; TIMESTAMP_NONE = none said: the lead's */
    int64_t named_ms, reported_ms;
    bool whistled; /* by the lead's whistle; else by the desk, or the decision */
};

struct case_pause {         /* the clock stands still: 挂账 */
    int64_t from_ms, to_ms; /* TIMESTAMP_NONE = still */
};

struct case_lead {    /* who had it from then on */
    struct span unit; /* absent = nobody */
    int64_t from_ms;
};

/* A round that was: what happened in it stays in the days on which it did. */
struct case_round {
    struct span first_rule;
    int upheld;
    int64_t stage_ms[CASE_KIND_MAX_STAGES]; /* of those that a new round forgets */
};

/* A dispute was upheld: the day of its decision is that day's, whatever was decided before it. */
struct case_upheld {
    int64_t ms;
    struct span rule; /* by which the order of that round was sent out first */
};

struct case_fold {
    bool has_opened, quiet, dispatched, closed, adopted; /* quiet: no line is live */
    int stage; /* index in the kind of the last effective stage that moves the case; -1 = none */
    int64_t opened_ms, dispatched_ms, response_ms, resolution_ms,
        closure_ms;      /* TIMESTAMP_NONE = not yet;
     first of the current round, closure = the last closure while closed */
    int64_t recorded_ms; /* of `opened` */
    int64_t due_ms;      /* from dispatched, else opened, else TIMESTAMP_NONE; moved by extensions,
                            corrections, whoever names another lead, and by as long as a pause
                            lasted when it ends */
    struct span lead; /* unit code now: from dispatched, else what `opened` names; absent = none, as
                         between a recall and the next decision */
    struct span type_code, street_code, community_code, limit_class, rule;
    struct span first_rule; /* by which the order of this round was sent out first */
    struct span
        field[CODES_MOST_FIELDS]; /* those of codes.csv, as the case was last told of each */
    struct span opened_id, dispatched_id;
    struct span cause_id; /* of the present lead: opened, reopened, or what asked for another one */
    int rounds;           /* 1 + reopenings */
    uint64_t happened;    /* bits of stages that hold now: effective in this round and not ended */
    uint64_t seen;        /* of stages effective at any time */

    /* Another lead: what asked for it and has no recall yet (absent = nothing), and whom it names.
     * After the recall cause_id has it, and named_lead stays until the next decision. */
    struct span lead_cause_id, named_lead;
    struct span old_leads[CASE_FOLD_MOST_OLD_LEADS]; /* whose dispute was upheld, in any round */
    size_t old_lead_count;

    int disputes;            /* of the case, in all rounds */
    struct span dispute_id;  /* waits for its decision; absent = none does */
    bool lead_cause_dispute; /* lead_cause_id, after the recall cause_id, is a dispute's decision */
    bool designated;         /* disputed as often as the kind allows: the lead is final */
    int upheld;              /* disputes that the desk upheld, in this round */

    bool held;          /* the last pause goes on */
    bool excluded;      /* 剔除: not counted in the scope 剔除后 */
    struct span level;  /* of the last supervision or escalation by a person; absent = none */
    struct span answer; /* of the last call-back that asked (CASE_ANSWER); absent = none did. A new
                           round keeps it: nobody loses a bad answer by beginning again */
    int64_t paused_ms;  /* of this round, ended pauses */
    size_t pause_count, co_count, sub_count, lead_count, former_count, upheld_count;

    struct span parent;   /* the case is handled there: a child; absent = it is none */
    struct span merge_id; /* the `merged` that says so */
    struct span away; /* the `merged` that the lead was recalled for, though it may have fallen */
    struct span same_as; /* 双系统重复: the case that counts; absent = this one does */
    size_t child_count;

    /* Only as far as the counts say, stage_ms as far as the kind has stages. */
    int64_t stage_ms[CASE_KIND_MAX_STAGES]; /* by index in the kind: first of the current round */
    struct case_pause pauses[CASE_FOLD_MOST_PAUSES];
    struct case_lead leads[CASE_FOLD_MOST_LEADS]; /* by time, from the opening on */
    struct case_co co[CASE_FOLD_MOST_CO];
    struct span subs[CASE_FOLD_MOST_SUBS];
    struct case_round former[CASE_FOLD_MOST_FORMER];     /* the first of them, in their order */
    struct case_upheld upheld_at[CASE_FOLD_MOST_UPHELD]; /* likewise, of all rounds */
    uint8_t effect[CASE_SET_MAX_LINES + 1];              /* enum line_effect, per line of the set */
    uint8_t reason[CASE_SET_MAX_LINES + 1];              /* enum line_reason */
};

/* The bytes before its lists. */
#define CASE_FOLD_HEAD offsetof(struct case_fold, stage_ms)

/* Bumped whenever the meaning of a field changes; part of the contribution hash. */
#define CASE_FOLD_VERSION 10
void case_fold(struct case_fold *fold, const struct case_set *set, const struct case_kind *kind,
               const struct codes *codes);
/* As far as it says anything; `lines` as many as its set has. The texts are those of `from`. */
void case_fold_copy(struct case_fold *to, const struct case_fold *from,
                    const struct case_kind *kind, size_t lines);
/* Who led at that time; absent = nobody. */
struct span case_fold_lead_at(const struct case_fold *fold, int64_t ms);
/* The co-unit of that code, or NULL. */
const struct case_co *case_fold_co(const struct case_fold *fold, struct span unit);
