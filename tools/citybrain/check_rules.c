/* SPDX-License-Identifier: Apache-2.0 */
/* A flag is a word that two files must spell alike, the feed's and the rule's; nothing else tells
 * when they do not. */
#include "citybrain/check_rules.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/given.h"
#include "config/yaml.h"

static void check_flags(const struct bundle *bundle, const struct rule_predicate *predicate,
                        struct diagnostics *diagnostics)
{
    const struct given flags = {
        .feeds = bundle->feeds, .family = EVENT_CASE, .field = SPAN("flags")};
    for (size_t i = 0; predicate->field == RULE_FLAGS && i < predicate->asked.value_count; i++)
        given_warn(&flags, predicate->asked.values[i], predicate->asked.place, diagnostics);
}

/* An order is decided by what its case keeps: without the row no such rule would ever match. */
static void check_kept(const struct codes *codes, const struct rule_predicate *predicate,
                       struct diagnostics *diagnostics)
{
    const char *name = rule_predicate_field_name(predicate->field);
    bool kept_by_row = predicate->field == RULE_FLAGS || predicate->field == RULE_ESTATE_CODE;
    if (kept_by_row && codes && !codes_number(codes, CODE_FIELD, span_of(name)))
        diagnostics_add(diagnostics, predicate->asked.place,
                        "add a row of space field to codes.csv, with its next number",
                        "a case does not keep its %s", name);
}

/* A unit that is gone while the entry still holds: its orders would go to the desk. */
static void check_unit(const struct bundle *bundle, const struct rule_entry *entry,
                       const struct rule_target *target, int64_t now_ms,
                       struct diagnostics *diagnostics)
{
    int64_t from_ms = entry->valid_from_ms > now_ms ? entry->valid_from_ms : now_ms;
    int64_t day = timestamp_day(from_ms, YAML_DATE_ZONE_MINUTES);
    if (target->owner != RULE_OWNER_UNIT || from_ms >= entry->valid_to_ms ||
        district_has_unit(&bundle->rule.district, span_of(target->unit), day))
        return;
    diagnostics_warn(diagnostics, target->written,
                     "end the entry with valid_to, and begin another with who took it over",
                     "unit \"%s\" of entry %s does not hold any more by units.csv, or not yet",
                     target->unit, entry->id);
}

static void check_units(const struct bundle *bundle, const struct rule_entry *entry, int64_t now_ms,
                        struct diagnostics *diagnostics)
{
    const struct rule_targets *const lists[] = {&entry->co_units, &entry->copies, &entry->others};
    check_unit(bundle, entry, &entry->lead, now_ms, diagnostics);
    check_unit(bundle, entry, &entry->guide, now_ms, diagnostics);
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            check_unit(bundle, entry, &lists[i]->list[j], now_ms, diagnostics);
}

void check_rules(const struct bundle *bundle, int64_t now_ms, struct diagnostics *diagnostics)
{
    const struct rules *rules = bundle->rule.rules;
    if (!rules || !bundle->feeds)
        return;
    for (size_t i = 0; i < rules->entry_count; i++) {
        const struct rule_entry *entry = &rules->entries[i];
        for (size_t j = 0; j < entry->when_count; j++) {
            check_flags(bundle, &entry->when[j], diagnostics);
            check_kept(bundle->codes, &entry->when[j], diagnostics);
        }
        check_units(bundle, entry, now_ms, diagnostics);
    }
}
