/* SPDX-License-Identifier: Apache-2.0 */
/* From one fold to the integers it adds to a view's cells, and one histogram bin a duration.
 * Promises that equal folds add equal things: the caller takes the old fold's contribution out and
 * puts the new one in, and every cell is what a recomputation from all sets would give. */
#include "aggregator/core/contribution.h"

#include <string.h>

#include "base/histogram.h"

/* What counts as a double counts as nothing else. */
static int64_t moment_of(const struct case_fold *fold, int moment)
{
    if ((moment == VIEW_DOUBLE) != (fold->same_as.at != NULL))
        return TIMESTAMP_NONE;
    switch (moment) {
    case VIEW_DOUBLE:
    case VIEW_OPENED: return fold->opened_ms;
    case VIEW_RESPONSE: return fold->response_ms;
    case VIEW_RESOLUTION: return fold->resolution_ms;
    case VIEW_CLOSURE: return fold->closed ? fold->closure_ms : TIMESTAMP_NONE;
    case VIEW_MATTER: return fold->parent.at ? TIMESTAMP_NONE : fold->opened_ms;
    default: return fold->stage_ms[moment - VIEW_STAGE];
    }
}

static struct span group_of(const struct case_fold *fold, enum view_group group)
{
    struct span text;
    switch (group) {
    case VIEW_UNIT: text = fold->lead; break;
    case VIEW_TYPE: text = fold->type_code; break;
    case VIEW_STREET: text = fold->street_code; break;
    case VIEW_COMMUNITY: text = fold->community_code; break;
    }
    return text.at ? text : SPAN("");
}

static int hour_of(int64_t ms, int64_t day, int zone_minutes)
{
    return (int)((ms - day * 86400000 + (int64_t)zone_minutes * 60000) / 3600000);
}

static struct contribution_cell *cell_of(struct contribution *contribution, int64_t day, int hour)
{
    for (size_t i = 0; i < contribution->cell_count; i++)
        if (contribution->cells[i].day == day && contribution->cells[i].hour == hour)
            return &contribution->cells[i];
    struct contribution_cell *cell = &contribution->cells[contribution->cell_count++];
    memset(cell, 0, sizeof *cell);
    cell->day = day;
    cell->hour = hour;
    return cell;
}

static void add_measure(struct contribution *contribution, const struct view *view, size_t index,
                        const struct case_fold *fold, int zone_minutes)
{
    const struct view_measure *measure = &view->measures[index];
    int64_t at = moment_of(fold, measure->bucket), to = moment_of(fold, measure->to);
    int64_t from = moment_of(fold, measure->from);
    if (measure->type == VIEW_RATIO || at == TIMESTAMP_NONE || to == TIMESTAMP_NONE)
        return;
    if (measure->type == VIEW_DURATION && from == TIMESTAMP_NONE)
        return;
    int64_t day = timestamp_day(at, zone_minutes);
    int hour = view->hourly ? hour_of(at, day, zone_minutes) : CONTRIBUTION_WHOLE_DAY;
    struct contribution_cell *cell = cell_of(contribution, day, hour);
    cell->value[measure->column] = 1;
    if (measure->type == VIEW_COUNT)
        return;
    cell->value[measure->column + 1] = to - from;
    contribution->bins[contribution->bin_count++] =
        (struct contribution_bin){day, hour, index, histogram_bucket(to - from)};
}

void contribution_of(struct contribution *contribution, const struct view *view,
                     const struct case_fold *fold, int zone_minutes)
{
    memset(contribution->group, 0, sizeof contribution->group);
    contribution->cell_count = 0;
    contribution->bin_count = 0;
    if (!fold->has_opened)
        return;
    for (size_t i = 0; i < view->group_count; i++)
        contribution->group[i] = group_of(fold, view->groups[i]);
    for (size_t i = 0; i < view->measure_count; i++)
        add_measure(contribution, view, i, fold, zone_minutes);
}
