/* SPDX-License-Identifier: Apache-2.0 */
/* Facts are read from the fold alone, so a case says the same of itself whenever it is asked. */
#include "aggregator/core/view_fact.h"

#include <string.h>

#include "base/base.h"
#include "model/case_clock.h"

#define STREET_DIGITS 9 /* of a community's code */

static const char *const names[FACT_FIELD] = {
    "unit",     "type_code", "street_code", "community_code", "limit_class",  "rule",
    "co_unit",  "valid",     "contacted",   "solved",         "satisfaction", "in_time",
    "reopened", "upheld",    "child",       "cross_street"};

struct span view_fact_name(const struct codes *codes, int fact)
{
    return fact < FACT_FIELD ? span_of(names[fact]) : codes_fields(codes)[fact - FACT_FIELD];
}

int view_fact_find(const struct codes *codes, struct span name)
{
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        struct span known = view_fact_name(codes, fact);
        if (known.at && span_equal(known, name))
            return fact;
    }
    return -1;
}

size_t view_fact_names(const struct codes *codes, char list[FACT_COUNT][48])
{
    size_t count = 0;
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        struct span known = view_fact_name(codes, fact);
        if (known.at)
            span_to_cstr(known, list[count], sizeof list[count]), count++;
    }
    return count;
}

bool view_fact_may_group(const struct codes *codes, int fact)
{
    if (fact >= FACT_FIELD)
        return !codes_field_is_of_caller(view_fact_name(codes, fact));
    return fact <= FACT_CO_UNIT;
}

static struct span truth(bool is)
{
    return is ? SPAN("true") : SPAN("false");
}

/* Of a round that was its limit and its end are not kept. */
static struct span in_time(const struct view_subject *subject)
{
    const struct case_co *helper = subject->helper;
    if (subject->former || subject->upheld)
        return SPAN_NONE;
    int64_t due_ms = case_clock_due_ms(subject->fold), done_ms = case_clock_done_ms(subject->fold);
    if (helper) {
        due_ms = helper->due_ms != TIMESTAMP_NONE ? helper->due_ms : subject->fold->due_ms;
        done_ms = helper->reported_ms;
    }
    return due_ms == TIMESTAMP_NONE || done_ms == TIMESTAMP_NONE ? SPAN_NONE
                                                                 : truth(done_ms <= due_ms);
}

struct span view_fact_answer(struct span answer, enum callback_answer place)
{
    switch (answer.len == ANSWERS ? answer.at[place] : '-') {
    case 'y': return SPAN("yes");
    case 'n': return SPAN("no");
    case 's': return SPAN("satisfied");
    case 'a': return SPAN("acceptable");
    case 'd': return SPAN("dissatisfied");
    default: return SPAN_NONE;
    }
}

/* Both communities are known, and their streets are not the same. */
static struct span cross_street(const struct view_subject *subject)
{
    struct span home = subject->fold->community_code, taken = SPAN_NONE;
    if (subject->accepted_in >= 0)
        taken = subject->fold->field[subject->accepted_in];
    if (home.len < STREET_DIGITS || taken.len < STREET_DIGITS)
        return SPAN_NONE;
    return truth(memcmp(home.at, taken.at, STREET_DIGITS) != 0);
}

static struct span rule_of(const struct view_subject *subject)
{
    if (subject->upheld)
        return subject->upheld->rule;
    return subject->former ? subject->former->first_rule : subject->fold->first_rule;
}

static struct span upheld(const struct view_subject *subject)
{
    int times = subject->former ? subject->former->upheld : subject->fold->upheld;
    return truth(subject->upheld || times > 0);
}

struct span view_fact_of(const struct view_subject *subject, int fact)
{
    const struct case_fold *fold = subject->fold;
    switch (fact) {
    case FACT_UNIT: return fold->lead;
    case FACT_TYPE: return fold->type_code;
    case FACT_STREET: return fold->street_code;
    case FACT_COMMUNITY: return fold->community_code;
    case FACT_CLASS: return fold->limit_class;
    case FACT_RULE: return rule_of(subject);
    case FACT_CO_UNIT: return subject->helper ? subject->helper->unit : SPAN_NONE;
    case FACT_VALID: return view_fact_answer(fold->answer, ANSWER_VALID);
    case FACT_CONTACTED: return view_fact_answer(fold->answer, ANSWER_CONTACTED);
    case FACT_SOLVED: return view_fact_answer(fold->answer, ANSWER_SOLVED);
    case FACT_SATISFACTION: return view_fact_answer(fold->answer, ANSWER_SATISFACTION);
    case FACT_IN_TIME: return in_time(subject);
    case FACT_REOPENED: return truth(fold->rounds > 1);
    case FACT_UPHELD: return upheld(subject);
    case FACT_CHILD: return truth(fold->parent.at != NULL);
    case FACT_CROSS_STREET: return cross_street(subject);
    default: return fold->field[fact - FACT_FIELD];
    }
}
