/* SPDX-License-Identifier: Apache-2.0 */
/* A flag is a word that two files must spell alike, the feed's and the rule's; nothing else tells
 * when they do not. */
#include "citybrain/check_rules.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "config/yaml.h"

#define MOST_FLAGS 256

struct flags { /* what feeds give */
    struct span list[MOST_FLAGS];
    size_t count;
    bool any; /* one passes on what its source says, so it may be anything */
};

/* Words separated by blanks. */
static void add_flags(struct flags *flags, struct span words)
{
    while (words.len) {
        struct span flag = span_cut(&words, ' ');
        if (flags->count < MOST_FLAGS)
            flags->list[flags->count++] = flag;
        else
            flags->any = true;
    }
}

static void add_field(struct flags *flags, const struct mapping_field *field)
{
    const struct mapping_table *table = field->table;
    for (size_t i = 0; i < field->word_count; i++)
        add_flags(flags, span_of(field->words[i]->name));
    for (size_t i = 0; table && i < table->count; i++)
        add_flags(flags, table->pairs[i].to);
    if (field->constant)
        add_flags(flags, span_of(field->constant));
    if (field->fallback)
        add_flags(flags, span_of(field->fallback));
    if (field->unknown)
        add_flags(flags, span_of(field->unknown));
    flags->any |= !table && !field->word_count && !field->constant;
}

static void collect(struct flags *flags, const struct feeds *feeds)
{
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(feeds, i)); i++)
        for (size_t v = 0; v < feed->version_count; v++)
            for (size_t e = 0; e < feed->versions[v].event_count; e++) {
                const struct mapping_event *event = &feed->versions[v].events[e];
                for (size_t f = 0; f < event->field_count; f++)
                    if (span_is(span_of(event->fields[f].name), "flags"))
                        add_field(flags, &event->fields[f]);
            }
}

static bool is_given(const struct flags *flags, struct span flag)
{
    for (size_t i = 0; i < flags->count; i++)
        if (span_equal(flags->list[i], flag))
            return true;
    return flags->any;
}

static void check_flags(const struct flags *flags, const struct rule_predicate *predicate,
                        struct diagnostics *diagnostics)
{
    for (size_t i = 0; predicate->field == RULE_FLAGS && i < predicate->asked.value_count; i++)
        if (!is_given(flags, predicate->asked.values[i]))
            diagnostics_warn(diagnostics, predicate->asked.place,
                             "spell it as a feed does, or let one give it (flags: of config/feeds)",
                             "no feed gives the flag %.*s", SPAN_ARG(predicate->asked.values[i]));
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
    struct flags flags = {.any = false};
    if (!rules || !bundle->feeds)
        return;
    collect(&flags, bundle->feeds);
    for (size_t i = 0; i < rules->entry_count; i++) {
        const struct rule_entry *entry = &rules->entries[i];
        for (size_t j = 0; j < entry->when_count; j++) {
            check_flags(&flags, &entry->when[j], diagnostics);
            check_kept(bundle->codes, &entry->when[j], diagnostics);
        }
        check_units(bundle, entry, now_ms, diagnostics);
    }
}
