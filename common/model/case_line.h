/* SPDX-License-Identifier: Apache-2.0 */
/* One event of a case as one short line of text (contracts §3):
 *
 *   1|id|revision|stage#|time ms|recorded ms|unit#|party#|k=v|k=v...
 *
 * Numbers are base 36; the revision's parts are unpadded base 36 joined by '.', its hash as it is.
 * A unit without number is "=code". Values escape '|', '\\' and line feeds by a backslash.
 * Readers skip keys they do not know:
 *
 *   v=1  live: the event had no replayof    l  lead unit
 *   d  due_at ms         c  limit class     t  type_code
 *   s  street_code       m  community_code  r  rule
 *   q  request_kind      a  adopted=1       u  cause id
 *   o  co_unit           b  sub_unit        w  outcome of a decision
 *   e  level             p  parent case     k  child case
 *   x  via: the case a copied stage came from
 *   n  what the desk is asked, where it leads
 *   j  what a link joins to: same_as, part_of or grew_from, ':', case id
 *   y  a call-back's answers, one letter each: valid, contacted, solved (y, n, or -),
 *      satisfaction (s satisfied, a acceptable, d dissatisfied, or -)
 *   z  units that got a copy, blanks between
 *   g  1: the orders of the case that this closed are gone (the router's own mark)
 *   f  what a trigger found, on the opening that it made: its sentence
 *   i  the reason that a unit or the desk gave for its move, masked
 *   1, 2 ...  the field of that number in codes.csv
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "model/codes.h"
#include "model/event.h"

#define CASE_LINE_FOUND 300 /* bytes: a hundred Chinese characters; a longer one is not kept */
#define CASE_LINE_SAID  300

enum case_attribute {
    CASE_LEAD,
    CASE_DUE,
    CASE_CLASS,
    CASE_TYPE,
    CASE_STREET,
    CASE_COMMUNITY,
    CASE_RULE,
    CASE_REQUEST_KIND,
    CASE_ADOPTED,
    CASE_CAUSE,
    CASE_CO,      /* the unit that a co-assignment or a whistle names */
    CASE_SUB,     /* the office that an order was forwarded to */
    CASE_OUTCOME, /* of a decision: upheld, rejected */
    CASE_LEVEL,   /* of a supervision or an escalation */
    CASE_PARENT,
    CASE_CHILD,
    CASE_VIA,
    CASE_DESK_CAUSE,
    CASE_LINK,   /* of `linked`: relation:case id */
    CASE_ANSWER, /* of `reviewed`: four letters, by enum callback_answer */
    CASE_COPIES, /* of a decision: units, blanks between */
    CASE_GONE,   /* on a closure, by the router alone: no order of the case is left */
    CASE_FOUND,  /* of the router's own `opened`: the trigger's sentence */
    CASE_SAID, /* of a move of a unit or the desk: why; what patterns know for a person's is masked
                */
    /* others are added here: the numbers of those above stand in the router's state */
    CASE_FIELD, /* the first of those of codes.csv */
    CASE_ATTRIBUTES = CASE_FIELD + CODES_MOST_FIELDS
};

/* Places in CASE_ANSWER. */
enum callback_answer {
    ANSWER_VALID,
    ANSWER_CONTACTED,
    ANSWER_SOLVED,
    ANSWER_SATISFACTION,
    ANSWERS
};

struct case_line {
    struct span id;
    struct span revision; /* as in the line (unpadded); compare with case_line_compare_revision */
    int stage;            /* codes number */
    int64_t time_ms, recorded_ms;
    struct span unit; /* code; absent = none */
    int party;        /* codes number; 0 = none */
    bool live;
    struct span attribute[CASE_ATTRIBUTES]; /* text; absent = not set; DUE as decimal ms */
    struct span text; /* of which it was read, and which says it; absent = it has none */
};

/* From an event of the case family; REJECT_STAGE when codes.csv has no such stage. Texts are
 * borrowed or arena. */
enum reject case_line_of_event(const struct event *event, const struct codes *codes,
                               struct arena *arena, struct case_line *line);
void case_line_write(struct strbuf *out, const struct case_line *line, const struct codes *codes);
bool case_line_read(struct span text, const struct codes *codes, struct arena *arena,
                    struct case_line *line);
/* The attribute that this member of an event's data becomes, or -1; fields of codes.csv are none.
 */
int case_line_attribute(struct span member);
/* An event's revision as its line has it; absent when the arena is full. */
struct span case_line_revision(struct span revision, struct arena *arena);
int case_line_compare_revision(struct span a, struct span b); /* <0, 0, >0 */
