/* SPDX-License-Identifier: Apache-2.0 */
/* From one fold to the integers it adds to a view's cells, and one histogram bin a duration.
 * Promises that equal folds add equal things: the caller takes the old fold's contribution out and
 * puts the new one in, and every cell is what a recomputation from all sets would give.
 *
 * Whose row it is: of a cohort's count the present lead's, because part and whole must stand in one
 * row; of a duration who led at its end, of a flow who led at its moment, of a stock whoever led
 * meanwhile: who takes an old case over has it from that moment on.
 *
 * Which round it is of: the present one, and of a flow by a stage every one. What happened on a day
 * is that day's, whether the case is reopened later or not (docs/decisions/0359). Each decision
 * that upheld a dispute is one more, whatever was decided before it in its round (0386). */
#include "aggregator/core/contribution.h"

#include <assert.h>
#include <string.h>

#include "base/histogram.h"
#include "model/case_clock.h"

/* What counts as a double counts as nothing else. */
static int64_t moment_of(const struct view_subject *subject, int moment)
{
    const struct case_fold *fold = subject->fold;
    if ((moment == VIEW_DOUBLE) != (fold->same_as.at != NULL))
        return TIMESTAMP_NONE;
    if (subject->former && moment >= VIEW_STAGE)
        return subject->former->stage_ms[moment - VIEW_STAGE];
    if (subject->former && moment != VIEW_OPENED && moment != VIEW_MATTER)
        return TIMESTAMP_NONE; /* these are known of the present round alone */
    switch (moment) {
    case VIEW_DOUBLE:
    case VIEW_OPENED: return fold->opened_ms;
    case VIEW_RESPONSE: return fold->response_ms;
    case VIEW_RESOLUTION: return fold->resolution_ms;
    case VIEW_CLOSURE: return fold->closed ? fold->closure_ms : TIMESTAMP_NONE;
    case VIEW_MATTER: return fold->parent.at ? TIMESTAMP_NONE : fold->opened_ms;
    case VIEW_DUE: return case_clock_due_ms(fold);
    case VIEW_DONE: return case_clock_done_ms(fold);
    case VIEW_NAMED: return subject->helper ? subject->helper->named_ms : TIMESTAMP_NONE;
    case VIEW_REPORTED: return subject->helper ? subject->helper->reported_ms : TIMESTAMP_NONE;
    case VIEW_UPHELD: return subject->upheld ? subject->upheld->ms : TIMESTAMP_NONE;
    default: return fold->stage_ms[moment - VIEW_STAGE];
    }
}

static bool is_one_of(const struct view_condition *condition, struct span value)
{
    for (size_t i = 0; i < condition->value_count; i++)
        if (value.len && span_is(value, condition->values[i]))
            return true;
    return false;
}

static bool holds(const struct view_condition *condition, const struct view_subject *subject)
{
    struct span value = view_fact_of(subject, condition->fact);
    bool is = !condition->of_words && is_one_of(condition, value);
    while (condition->of_words && value.at && !is)
        is = is_one_of(condition, span_cut(&value, ' '));
    return is != condition->negated;
}

static bool all_hold(const struct view_measure *measure, const struct view_subject *subject)
{
    for (size_t i = 0; i < measure->condition_count; i++)
        if (!holds(&measure->when[i], subject))
            return false;
    return true;
}

static struct span or_empty(struct span text)
{
    return text.at ? text : SPAN("");
}

static struct contribution_place place_of(const struct view *view,
                                          const struct view_subject *subject, int64_t ms,
                                          struct span unit, int zone_minutes)
{
    struct contribution_place place = {.day = timestamp_day(ms, zone_minutes)};
    place.part = view_bucket_part(view->grain, ms, place.day, zone_minutes);
    place.unit = view_group_index(view, FACT_UNIT) >= 0 ? or_empty(unit) : SPAN("");
    place.co_unit = subject->helper ? or_empty(subject->helper->unit) : SPAN("");
    place.rule = view_group_index(view, FACT_RULE) >= 0 ? or_empty(view_fact_of(subject, FACT_RULE))
                                                        : SPAN("");
    return place;
}

bool contribution_same_place(const struct contribution_place *a, const struct contribution_place *b)
{
    return a->day == b->day && a->part == b->part && span_equal(a->unit, b->unit) &&
           span_equal(a->co_unit, b->co_unit) && span_equal(a->rule, b->rule);
}

static struct contribution_cell *cell_of(struct contribution *contribution, const struct view *view,
                                         const struct contribution_place *place)
{
    for (size_t i = 0; i < contribution->cell_count; i++)
        if (contribution_same_place(&contribution->cells[i].place, place))
            return &contribution->cells[i];
    assert(contribution->cell_count < CONTRIBUTION_MOST_CELLS);
    struct contribution_cell *cell = &contribution->cells[contribution->cell_count++];
    memset(cell->value, 0, view->column_count * sizeof cell->value[0]);
    cell->place = *place;
    return cell;
}

/* How long of from..to the clock stood still. */
static int64_t paused_ms(const struct case_fold *fold, int64_t from, int64_t to)
{
    int64_t sum = 0;
    for (size_t i = 0; i < fold->pause_count; i++) {
        const struct case_pause *pause = &fold->pauses[i];
        int64_t start = pause->from_ms > from ? pause->from_ms : from;
        int64_t end = pause->to_ms != TIMESTAMP_NONE && pause->to_ms < to ? pause->to_ms : to;
        sum += end > start ? end - start : 0;
    }
    return sum;
}

/* What ended before it began took no time that could be told: it was done before it was sent out,
 * or a clock was wrong. It is in no number, and no zero either. */
static bool has_length(const struct view_measure *measure, const struct view_subject *subject,
                       int64_t from, int64_t to, int64_t *length)
{
    *length = to - from - (measure->net ? paused_ms(subject->fold, from, to) : 0);
    return measure->type != VIEW_DURATION || *length >= 0;
}

static struct span unit_of(const struct view_measure *measure, const struct view_subject *subject,
                           int64_t at, int64_t to)
{
    if (subject->helper)
        return case_fold_lead_at(subject->fold, subject->helper->named_ms);
    if (measure->is_flow)
        return case_fold_lead_at(subject->fold, at);
    return measure->type == VIEW_DURATION ? case_fold_lead_at(subject->fold, to)
                                          : subject->fold->lead;
}

static void add_measure(struct contribution *contribution, const struct view *view, size_t index,
                        const struct view_subject *subject, int zone_minutes)
{
    const struct view_measure *measure = &view->measures[index];
    if (measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA)
        return;
    int64_t at = moment_of(subject, measure->bucket), to = moment_of(subject, measure->to);
    int64_t from = measure->type == VIEW_DURATION ? moment_of(subject, measure->from) : to, length;
    if (at == TIMESTAMP_NONE || to == TIMESTAMP_NONE || from == TIMESTAMP_NONE ||
        !has_length(measure, subject, from, to, &length) || !all_hold(measure, subject))
        return;
    struct contribution_place place =
        place_of(view, subject, at, unit_of(measure, subject, at, to), zone_minutes);
    struct contribution_cell *cell = cell_of(contribution, view, &place);
    cell->value[measure->column]++;
    if (measure->type == VIEW_COUNT)
        return;
    cell->value[measure->column + 1] += length;
    assert(contribution->bin_count < CONTRIBUTION_MOST_CELLS);
    contribution->bins[contribution->bin_count++] =
        (struct contribution_bin){place, index, histogram_bucket(length)};
}

/* In the state from..to: +1 and -1, handed on with the lead. */
static void add_state(struct contribution *contribution, const struct view *view, size_t column,
                      const struct view_subject *subject, const int64_t span_ms[2],
                      int zone_minutes)
{
    const struct case_fold *fold = subject->fold;
    for (size_t i = 0; i < fold->lead_count || i == 0; i++) {
        int64_t start = span_ms[0], end = span_ms[1];
        if (i > 0 && fold->leads[i].from_ms > start)
            start = fold->leads[i].from_ms;
        if (i + 1 < fold->lead_count && fold->leads[i + 1].from_ms < end)
            end = fold->leads[i + 1].from_ms;
        if (start >= end)
            continue;
        struct span unit = fold->lead_count ? fold->leads[i].unit : SPAN_NONE;
        struct contribution_place place = place_of(view, subject, start, unit, zone_minutes);
        cell_of(contribution, view, &place)->value[column]++;
        if (end == INT64_MAX)
            continue;
        place = place_of(view, subject, end, unit, zone_minutes);
        cell_of(contribution, view, &place)->value[column]--;
    }
}

static void add_stock(struct contribution *contribution, const struct view *view, size_t index,
                      const struct view_subject *subject, int zone_minutes)
{
    const struct view_measure *measure = &view->measures[index];
    const struct case_fold *fold = subject->fold;
    int64_t ends = fold->closed ? fold->closure_ms : INT64_MAX;
    if (fold->same_as.at || !all_hold(measure, subject))
        return;
    for (size_t i = 0; measure->while_held && i < fold->pause_count; i++) {
        const struct case_pause *pause = &fold->pauses[i];
        bool over = pause->to_ms != TIMESTAMP_NONE && pause->to_ms < ends;
        const int64_t span_ms[2] = {pause->from_ms, over ? pause->to_ms : ends};
        add_state(contribution, view, measure->column, subject, span_ms, zone_minutes);
    }
    if (measure->while_held)
        return;
    int64_t from = moment_of(subject, measure->from), to = moment_of(subject, measure->to);
    const int64_t span_ms[2] = {from, to == TIMESTAMP_NONE ? INT64_MAX : to};
    if (from != TIMESTAMP_NONE)
        add_state(contribution, view, measure->column, subject, span_ms, zone_minutes);
}

static void add_subject(struct contribution *contribution, const struct view *view,
                        const struct view_subject *subject, int zone_minutes, uint32_t measures)
{
    for (size_t i = 0; i < view->measure_count && measures >> i; i++) {
        if (!(measures >> i & 1))
            continue;
        if (view->is_stock)
            add_stock(contribution, view, i, subject, zone_minutes);
        else
            add_measure(contribution, view, i, subject, zone_minutes);
    }
}

static void add_former(struct contribution *contribution, const struct view *view,
                       struct view_subject *subject, int zone_minutes, uint32_t measures)
{
    for (size_t i = 0; i < view->measure_count && measures >> i; i++) {
        const struct view_measure *measure = &view->measures[i];
        if (!(measures >> i & 1) || !measure->is_flow || measure->bucket < VIEW_STAGE)
            continue;
        for (size_t r = 0; r < subject->fold->former_count; r++) {
            subject->former = &subject->fold->former[r];
            add_measure(contribution, view, i, subject, zone_minutes);
        }
        subject->former = NULL;
    }
}

static void add_upheld(struct contribution *contribution, const struct view *view,
                       struct view_subject *subject, int zone_minutes, uint32_t measures)
{
    for (size_t i = 0; i < view->measure_count && measures >> i; i++) {
        if (!(measures >> i & 1) || view->measures[i].bucket != VIEW_UPHELD)
            continue;
        for (size_t u = 0; u < subject->fold->upheld_count; u++) {
            subject->upheld = &subject->fold->upheld_at[u];
            add_measure(contribution, view, i, subject, zone_minutes);
        }
        subject->upheld = NULL;
    }
}

void contribution_of_some(struct contribution *contribution, const struct view *view,
                          const struct case_fold *fold, int zone_minutes, uint32_t measures)
{
    struct view_subject subject = {.fold = fold, .accepted_in = view->accepted_in};
    memset(contribution->group, 0, sizeof contribution->group);
    contribution->excluded = fold->excluded;
    contribution->cell_count = 0;
    contribution->bin_count = 0;
    if (!fold->has_opened)
        return;
    for (size_t i = 0; i < view->group_count; i++)
        contribution->group[i] = or_empty(view_fact_of(&subject, view->groups[i]));
    if (!view->of_helpers) {
        add_subject(contribution, view, &subject, zone_minutes, measures);
        add_former(contribution, view, &subject, zone_minutes, measures);
        add_upheld(contribution, view, &subject, zone_minutes, measures);
    }
    for (size_t i = 0; view->of_helpers && i < fold->co_count; i++) {
        subject.helper = &fold->co[i];
        if (subject.helper->whistled || !view->of_whistles)
            add_subject(contribution, view, &subject, zone_minutes, measures);
    }
}

void contribution_of(struct contribution *contribution, const struct view *view,
                     const struct case_fold *fold, int zone_minutes)
{
    contribution_of_some(contribution, view, fold, zone_minutes, UINT32_MAX);
}

static bool is_same_cell(const struct contribution_cell *a, const struct contribution_cell *b,
                         size_t columns)
{
    return contribution_same_place(&a->place, &b->place) &&
           memcmp(a->value, b->value, columns * sizeof a->value[0]) == 0;
}

static bool is_same_bin(const struct contribution_bin *a, const struct contribution_bin *b)
{
    return a->measure == b->measure && a->bin == b->bin &&
           contribution_same_place(&a->place, &b->place);
}

static bool is_same_group(const struct contribution *a, const struct contribution *b,
                          const struct view *view)
{
    bool same = a->excluded == b->excluded;
    for (size_t i = 0; same && i < view->group_count; i++)
        same = span_equal(a->group[i], b->group[i]);
    return same;
}

bool contribution_same(const struct contribution *a, const struct contribution *b,
                       const struct view *view)
{
    bool same =
        a->cell_count == b->cell_count && a->bin_count == b->bin_count && is_same_group(a, b, view);
    for (size_t i = 0; same && i < a->cell_count; i++)
        same = is_same_cell(&a->cells[i], &b->cells[i], view->column_count);
    for (size_t i = 0; same && i < a->bin_count; i++)
        same = is_same_bin(&a->bins[i], &b->bins[i]);
    return same;
}

/* Moves `was` into the cell at its place; false when there is none. */
static bool settle_cell(const struct contribution_cell *was, struct contribution *is,
                        size_t columns)
{
    for (size_t i = 0; i < is->cell_count; i++) {
        if (!contribution_same_place(&was->place, &is->cells[i].place))
            continue;
        for (size_t c = 0; c < columns; c++)
            is->cells[i].value[c] -= was->value[c];
        return true;
    }
    return false;
}

static bool settle_bin(const struct contribution_bin *was, struct contribution *is)
{
    for (size_t i = 0; i < is->bin_count; i++) {
        if (!is_same_bin(was, &is->bins[i]))
            continue;
        is->bins[i] = is->bins[--is->bin_count];
        return true;
    }
    return false;
}

void contribution_settle(struct contribution *was, struct contribution *is, const struct view *view)
{
    if (!is_same_group(was, is, view))
        return;
    for (size_t i = was->cell_count; i-- > 0;)
        if (settle_cell(&was->cells[i], is, view->column_count))
            was->cells[i] = was->cells[--was->cell_count];
    for (size_t i = was->bin_count; i-- > 0;)
        if (settle_bin(&was->bins[i], is))
            was->bins[i] = was->bins[--was->bin_count];
}

struct span contribution_group(const struct contribution *contribution, const struct view *view,
                               const struct contribution_place *place, size_t index)
{
    if (view->groups[index] == FACT_UNIT)
        return place->unit;
    if (view->groups[index] == FACT_RULE)
        return place->rule;
    return view->groups[index] == FACT_CO_UNIT ? place->co_unit : contribution->group[index];
}
