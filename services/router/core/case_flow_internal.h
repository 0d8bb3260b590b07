/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the flow only. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/case_set.h"
#include "router/core/case_book.h"
#include "router/core/case_decide.h"
#include "router/core/case_flow.h"
#include "router/core/case_pack.h"
#include "router/core/emit.h"
#include "router/core/hearing.h"
#include "router/core/parked.h"

struct case_flow {
    const struct case_flow_rules *rules; /* borrowed */
    int32_t partition;
    struct case_book *book; /* owned */
    struct parked *parked;  /* owned */
    struct json_reader *reader;
    struct arena arena; /* one record */
    struct emit emit;
    struct hearing hearing;
    struct strbuf text;
    int stage_escalated, stage_overdue; /* numbers of codes.csv */
    bool clock_dirty;
    char fault[256]; /* why the restored state cannot be used; "" = it can */
    struct case_flow_counts counts;
};

#define CASE_FLOW_MOST_LEADS 8 /* because of one record: of what came before its opening */

struct working { /* one case while a record is handled */
    struct span id, kind_code;
    const struct case_kind *kind;
    struct case_entry *entry;
    struct case_set set;
    struct hearing_case before; /* what triggers were told of it so far; kind NULL = none listens */
    bool decided;               /* because of this record */
    struct span copies[CASE_FLOW_MOST_LEADS]; /* who got one by that, each time; blanks between */
    size_t copy_count;
    struct span recalled[CASE_FLOW_MOST_LEADS]; /* who were, because of it */
    size_t recalled_count;
    struct span asked; /* what the desk was asked to decide again because of this record */
    struct span called[CASE_FOLD_MOST_CO]; /* who were told to help because of it */
    size_t called_count;
    struct case_fold fold; /* the last: its lists are 11 KiB that nobody has to clear */
};

struct case_flow_told { /* the record that is being handled, merged */
    const struct event *event;
    struct case_line line, before; /* as it came; as the set had it, where it was known */
    bool known, live;              /* live: this copy is no replay */
    bool stale;                    /* another revision holds */
};

/* case_flow.c */
bool case_flow_unpack(struct case_flow *flow, const struct case_entry *entry, struct case_set *set);
/* The case and its set as it stands; not folded. A new one is empty. Whatever `work` held is gone
 * where it fails too. */
enum reject case_flow_load(struct case_flow *flow, struct working *work, struct case_entry *entry);
/* The same, where somebody looks at the set already: to be folded, not to be stored. */
enum reject case_flow_load_to_fold(struct case_flow *flow, struct working *work,
                                   struct case_entry *entry, struct span packed);
void case_flow_store(struct case_flow *flow, struct case_entry *entry, const struct case_set *set,
                     bool restoring);
void case_flow_set_timer(struct case_flow *flow, const struct working *work); /* after the fold */
/* NULL = the set has no such line. */
const struct case_line *case_flow_line(const struct working *work, struct span id);
/* The district's civil day, by which registries are dated. */
int64_t case_flow_day_of(const struct case_line *line);
struct case_decide_asked case_flow_asked(const struct case_flow *flow, const struct working *work);
struct emit_case case_flow_about(const struct case_flow *flow, const struct working *work,
                                 const struct case_line *cause);
enum reject case_flow_merge_own(struct case_flow *flow, struct working *work,
                                const struct event *event);

/* case_flow_hearing.c: around each change of a set, so that triggers hear of the difference */
bool case_flow_listen(struct case_flow *flow, struct working *work); /* false: the arena is full */
void case_flow_tell(struct case_flow *flow, const struct working *work, struct outputs *outputs);

/* case_flow_moves.c: after every change of a case that a record brought, the case folded. */
enum reject case_flow_answer_moves(struct case_flow *flow, struct working *work,
                                   const struct case_flow_told *told, struct outputs *outputs);
/* The helpers a decision names, after it. */
enum reject case_flow_name_helpers(struct case_flow *flow, struct working *work,
                                   const struct decision *decision, struct outputs *outputs);
void case_flow_note_recalled(struct working *work, struct span lead);
/* The unit that a line names for a duty and nobody has; absent = none. */
struct span case_flow_unknown_unit(const struct case_flow *flow, const struct working *work,
                                   const struct case_line *line);

/* case_flow_correct.c: a line told anew, after the moves are answered. */
enum reject case_flow_correct(struct case_flow *flow, struct working *work,
                              const struct case_flow_told *told, struct outputs *outputs);

/* case_flow_refusal.c */
/* Whoever said it is told once that it has no effect, and why. */
void case_flow_refuse_move(struct case_flow *flow, const struct working *work,
                           const struct case_flow_told *told, struct outputs *outputs);

/* case_flow_parked.c */
/* Where orders go while some unit is parked: to `to`, or behind what the unit waits for already. */
struct case_flow_diversion {
    struct case_flow *flow;
    struct outputs *to;
};
struct outputs case_flow_divert(struct case_flow_diversion *diversion, struct outputs *otherwise);
void case_flow_save_parked(struct case_flow *flow, struct outputs *outputs);
/* A record of state.cases that is a parked order's; false: it is not. */
bool case_flow_restore_parked(struct case_flow *flow, struct span key, struct span value);

/* case_flow_duty.c */
struct case_flow_duties {                   /* open before a record came */
    struct span asks;                       /* id of what asked the desk; absent = nothing did */
    struct span lead;                       /* who had the duty; absent = nobody */
    struct span helpers[CASE_FOLD_MOST_CO]; /* who were told to help */
    size_t helper_count;
    struct span copies;   /* who had a copy of the decision, blanks between */
    struct span decision; /* id of what the lead has it by */
    int rounds;
    bool idle; /* live, and nobody has it */
    bool kept; /* and they have it of a round before, for history began this one */
    bool over; /* nothing was left to do: resolved, or closed and told to be over */
};
/* Of a case as it was loaded, before `line` is merged. Folds it where something may end. */
struct case_flow_duties case_flow_duties(const struct case_flow *flow, struct working *work,
                                         const struct case_line *line);
/* Who has a copy of the present decision, blanks between. */
struct span case_flow_copies(const struct working *work);
/* The lead of a round that is over, or of a case that is, or who is none by what was told now;
 * absent where he goes on, or is recalled because another one follows. */
struct span case_flow_lead_over(const struct working *work, const struct case_flow_duties *before);
/* Of helpers, and of those who have a copy. */
void case_flow_end_duties(struct case_flow *flow, const struct working *work,
                          const struct case_flow_duties *before, const struct case_line *by,
                          struct outputs *outputs);
/* Who has a duty again that was told to be over is told so; but for the desk. True: the lead has.
 */
bool case_flow_give_back(struct case_flow *flow, const struct working *work,
                         const struct case_flow_duties *before, const struct case_line *by,
                         struct outputs *outputs);
/* What the desk has to decide of a case it leads, once more. */
void case_flow_ask_own(struct case_flow *flow, const struct working *work,
                       const struct case_line *because, struct outputs *outputs);
/* An order `ended`, under the id of the event that ended it. */
void case_flow_end_order(struct case_flow *flow, const struct working *work,
                         const struct case_line *by, struct span unit, struct outputs *outputs);

/* case_flow_desk.c */
/* After everything else of a record is decided. */
void case_flow_ask_desk(struct case_flow *flow, struct working *work,
                        const struct case_flow_duties *before, const struct case_flow_told *told,
                        struct outputs *outputs);
/* A tick asked the desk by that line of ours: a question that stands behind it comes forward. */
void case_flow_asked_by_time(struct case_flow *flow, const struct working *work, struct span asked,
                             struct outputs *outputs);
/* False when the case has no room. `first` came first of it. */
bool case_flow_ask_headless(struct case_flow *flow, struct working *work,
                            const struct case_line *first, struct outputs *outputs);
