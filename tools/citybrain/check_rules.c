/* SPDX-License-Identifier: Apache-2.0 */
/* A flag is a word that two files must spell alike, the feed's and the rule's; nothing else tells
 * when they do not. */
#include "citybrain/check_rules.h"

#include <stdio.h>

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

static const struct rule_predicate *that_asks(const struct rule_entry *entry, enum rule_field field)
{
    for (size_t i = 0; i < entry->when_count; i++)
        if (entry->when[i].field == field)
            return &entry->when[i];
    return NULL;
}

/* Every order of that kind for which the later one holds from then on. */
static bool takes_all(const struct rule_entry *earlier, const struct rule_entry *later,
                      struct span kind, int64_t now_ms)
{
    int64_t from_ms = later->valid_from_ms > now_ms ? later->valid_from_ms : now_ms;
    for (size_t i = 0; i < earlier->when_count; i++) {
        const struct rule_predicate *wide = &earlier->when[i];
        const struct rule_predicate *narrow = that_asks(later, wide->field);
        if (wide->field == RULE_KIND ? !predicate_holds(&wide->asked, kind)
                                     : !narrow || !rule_predicate_implies(narrow, wide))
            return false;
    }
    return earlier->valid_from_ms <= from_ms && earlier->valid_to_ms >= later->valid_to_ms;
}

static bool may_meet(const struct rules *rules, const struct rule_entry *entry,
                     const struct case_kind *kind, int64_t now_ms)
{
    const struct rule_predicate *asked = that_asks(entry, RULE_KIND);
    if (kind->dispatched < 0 || (asked && !predicate_holds(&asked->asked, span_of(kind->code))))
        return false;
    for (const struct rule_entry *earlier = rules->entries; earlier < entry; earlier++)
        if (takes_all(earlier, entry, span_of(kind->code), now_ms))
            return false;
    return true;
}

/* Of a kind that it names it is an error, of check and router (rule_entry.c). */
static void check_helpers(const struct bundle *bundle, const struct rule_entry *entry,
                          int64_t now_ms, struct diagnostics *diagnostics)
{
    const struct rule_predicate *asked = that_asks(entry, RULE_KIND);
    const struct case_kind *kind;
    char fix[256];
    if (!entry->co_units.count || entry->valid_to_ms <= now_ms ||
        (asked && asked->asked.form == PREDICATE_ONE_OF))
        return;
    for (size_t i = 0; bundle->kinds && (kind = kinds_at(bundle->kinds, i)); i++) {
        int stage = case_kind_stage(kind, SPAN("co_assigned"));
        if ((stage >= 0 && kind->stages[stage].parties >> kind->party.router & 1) ||
            !may_meet(bundle->rule.rules, entry, kind, now_ms))
            continue;
        snprintf(fix, sizeof fix,
                 "ask for the kinds it is for (kind: request), or add `co_assigned: { rank: 50, "
                 "by: [desk, router], after: [dispatched], needs: [co_unit] }` to kinds/%s.yaml",
                 kind->code);
        diagnostics_warn(
            diagnostics, entry->co_units.list[0].written, fix,
            "entry %s %s, so it is for kind %s too, where %s", entry->id,
            asked ? "leaves out some kinds and not this one" : "asks for no kind", kind->code,
            stage < 0 ? "there is no stage co_assigned" : "the router may not say co_assigned");
    }
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
        check_helpers(bundle, entry, now_ms, diagnostics);
    }
}
