/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the rules of every order there could be: each type of the registry and none, each state of a
 * place, each flag a rule names and none, before and behind each date. What else an entry asks for
 * is given to it by a witness of its own. So a finding is an order that exists, not a guess. */
#include "router/core/rules_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

#define MOST_DATES 64
#define MOST_FLAGS 32
#define MOST_GAPS  8
#define DAY_MS     INT64_C(86400000)

struct check {
    const struct rules *rules;
    const struct district *district;
    struct diagnostics *diagnostics;
    int64_t dates[MOST_DATES]; /* one moment of each stretch between two dates */
    size_t date_count;
    struct span flags[MOST_FLAGS]; /* the first is none */
    size_t flag_count;
    bool *reached; /* owned; an entry that is the first to hold for some order */
    struct gap {
        struct span level;
        int place;
    } gaps[MOST_GAPS];
    size_t gap_count;
};

struct combination {
    int64_t at_ms;
    int place;
    struct rule_question question;
};
typedef void visit_fn(struct check *check, const struct combination *combination, void *context);

static void add_date(struct check *check, int64_t ms)
{
    for (size_t i = 0; i < check->date_count; i++)
        if (check->dates[i] == ms)
            return;
    if (ms != INT64_MIN && ms != INT64_MAX && check->date_count < MOST_DATES)
        check->dates[check->date_count++] = ms;
}

static void add_flag(struct check *check, struct span flag)
{
    for (size_t i = 1; i < check->flag_count; i++)
        if (span_equal(check->flags[i], flag))
            return;
    if (check->flag_count < MOST_FLAGS)
        check->flags[check->flag_count++] = flag;
}

static void collect(struct check *check)
{
    const struct rules *rules = check->rules;
    int64_t first_ms = INT64_MAX;
    check->flag_count = 1;
    add_flag(check, SPAN("another"));
    for (size_t i = 0; i < rules->entry_count; i++) {
        const struct rule_entry *entry = &rules->entries[i];
        add_date(check, entry->valid_from_ms);
        add_date(check, entry->valid_to_ms);
        for (size_t j = 0; j < entry->when_count; j++)
            for (size_t k = 0;
                 entry->when[j].field == RULE_FLAGS && k < entry->when[j].asked.value_count; k++)
                add_flag(check, entry->when[j].asked.values[k]);
    }
    for (size_t i = 0; i < check->date_count; i++)
        first_ms = check->dates[i] < first_ms ? check->dates[i] : first_ms;
    add_date(check, check->date_count ? first_ms - 1 : 0);
}

static void visit_type(struct check *check, struct combination *one, const struct order *order,
                       visit_fn *visit, void *context)
{
    struct facts facts;
    facts_read(&facts, order, check->district);
    for (int place = PLACE_UNKNOWN; place <= PLACE_DISPUTED; place++)
        for (size_t i = 0; i < check->flag_count; i++) {
            facts.place.state = (enum place_state)place;
            one->place = place;
            rule_question_read(&one->question, &facts);
            one->question.text[RULE_FLAGS] = check->flags[i];
            visit(check, one, context);
        }
}

static void visit_all(struct check *check, visit_fn *visit, void *context)
{
    const struct registry *types = check->district->types;
    for (size_t i = 0; i < check->date_count; i++) {
        struct combination one = {.at_ms = check->dates[i]};
        struct order order = {.opened_ms = one.at_ms, .due_ms = TIMESTAMP_NONE};
        const struct registry_row *row;
        visit_type(check, &one, &order, visit, context);
        for (size_t j = 0; (row = registry_at(types, j)); j++) {
            order.type_code = registry_cell(types, row, "code");
            visit_type(check, &one, &order, visit, context);
        }
    }
}

/* ---- gaps ---- */

static bool is_told(struct check *check, struct span level, int place)
{
    for (size_t i = 0; i < check->gap_count; i++)
        if (span_equal(check->gaps[i].level, level) && check->gaps[i].place == place)
            return true;
    if (check->gap_count == MOST_GAPS)
        return true;
    check->gaps[check->gap_count++] = (struct gap){level, place};
    return false;
}

static void tell_gap(struct check *check, const struct combination *one)
{
    const struct rule_question *question = &one->question;
    struct strbuf text;
    if (is_told(check, question->text[RULE_TYPE_LEVEL], one->place))
        return;
    strbuf_init(&text, 256, 1024);
    strbuf_addf(&text, "no entry matches type_level %.*s, place %s",
                SPAN_ARG(question->text[RULE_TYPE_LEVEL]),
                facts_place_word((enum place_state)one->place));
    if (question->text[RULE_TYPE_CODE].len)
        strbuf_addf(&text, " (say type_code %.*s)", SPAN_ARG(question->text[RULE_TYPE_CODE]));
    if (question->text[RULE_FLAGS].len)
        strbuf_addf(&text, ", flags %.*s", SPAN_ARG(question->text[RULE_FLAGS]));
    if (check->date_count > 1) {
        strbuf_add(&text, SPAN(", on "));
        timestamp_add_date(&text, timestamp_day(one->at_ms, YAML_DATE_ZONE_MINUTES));
    }
    diagnostics_add(
        check->diagnostics, check->rules->entries[check->rules->entry_count - 1].written,
        "end with an entry without when:, as { id: fallback, then: { to: desk, say: … } }", "%s",
        text.at);
    strbuf_fini(&text);
}

static void look(struct check *check, const struct combination *one, void *context)
{
    (void)context;
    const struct rule_entry *entry = rules_match(check->rules, 0, &one->question, one->at_ms);
    if (entry)
        check->reached[entry - check->rules->entries] = true;
    else
        tell_gap(check, one);
}

/* ---- entries that are never come to ---- */

struct witness {
    const struct rule_entry *entry;
    size_t turn; /* which of its values */
    /* What another entry asks for, this order has or does not have; NULL = nothing of that. */
    const struct rule_predicate *varied;
    struct span value;
    int64_t number;
    bool holds, reached;
    const struct rule_entry *before; /* what matches the simplest such order instead */
};

static bool is_visited(enum rule_field field)
{
    return field == RULE_TYPE_CODE || field == RULE_TYPE_LEVEL || field == RULE_PLACE ||
           field == RULE_TYPE_UNDER || field == RULE_FLAGS;
}

static void set_number(struct combination *one, enum rule_field field, int64_t number)
{
    one->question.number[field - RULE_ROUND] = number;
    if (field == RULE_OPENED_AT)
        one->at_ms = number;
}

/* What the entry asks for beside type, place and flags. */
static void give(struct combination *one, const struct rule_predicate *wanted, size_t turn)
{
    const struct predicate *asked = &wanted->asked;
    if (is_visited(wanted->field))
        return;
    if (wanted->field >= RULE_ROUND)
        set_number(one, wanted->field, asked->from != INT64_MIN ? asked->from : asked->to);
    else if (asked->form == PREDICATE_ONE_OF)
        one->question.text[wanted->field] =
            asked->values[turn < asked->value_count ? turn : asked->value_count - 1];
    else if (asked->form != PREDICATE_NONE_OF)
        one->question.text[wanted->field] =
            asked->form == PREDICATE_PRESENT ? SPAN("another") : SPAN_NONE;
}

static void try_witness(struct check *check, const struct combination *combination, void *context)
{
    struct witness *witness = context;
    if (witness->reached)
        return;
    struct combination one = *combination;
    if (witness->varied && witness->varied->field >= RULE_ROUND)
        set_number(&one, witness->varied->field, witness->number);
    else if (witness->varied)
        one.question.text[witness->varied->field] = witness->value;
    for (size_t i = 0; i < witness->entry->when_count; i++)
        give(&one, &witness->entry->when[i], witness->turn);
    if (!rule_entry_holds(witness->entry, &one.question, one.at_ms))
        return;
    const struct rule_entry *first = rules_match(check->rules, 0, &one.question, one.at_ms);
    witness->holds = true;
    witness->reached = first == witness->entry;
    if (!witness->before)
        witness->before = first;
}

static size_t turns_of(const struct rule_entry *entry)
{
    size_t most = 1;
    for (size_t i = 0; i < entry->when_count; i++)
        most = entry->when[i].asked.value_count > most ? entry->when[i].asked.value_count : most;
    return most;
}

static void try_varied(struct check *check, struct witness *witness, struct span value,
                       int64_t number)
{
    witness->value = value;
    witness->number = number;
    for (witness->turn = 0; witness->turn < turns_of(witness->entry) && !witness->reached;
         witness->turn++)
        visit_all(check, try_witness, witness);
}

/* Another entry's condition, once as it asks and once as it does not. */
static void try_beside(struct check *check, struct witness *witness,
                       const struct rule_predicate *varied)
{
    const struct predicate *asked = &varied->asked;
    witness->varied = varied;
    if (is_visited(varied->field))
        return;
    try_varied(check, witness, SPAN("another"), asked->from - (asked->from != INT64_MIN));
    try_varied(check, witness, SPAN_NONE, asked->to + (asked->to != INT64_MAX));
    for (size_t i = 0; i < asked->value_count; i++)
        try_varied(check, witness, asked->values[i], asked->from);
}

static void check_reached(struct check *check, const struct rule_entry *entry)
{
    struct witness witness = {.entry = entry};
    try_varied(check, &witness, SPAN_NONE, 0);
    for (const struct rule_entry *other = check->rules->entries; other < entry && witness.holds;
         other++)
        for (size_t i = 0; i < other->when_count && !witness.reached; i++)
            try_beside(check, &witness, &other->when[i]);
    if (witness.reached)
        return;
    if (witness.holds)
        diagnostics_add(check->diagnostics, entry->written,
                        "put it before that one, narrow that one, or leave it out",
                        "entry %s is never come to: %s before it matches all that it matches",
                        entry->id, witness.before->id);
    else
        diagnostics_warn(check->diagnostics, entry->written,
                         "look at its fields: some exclude each other, or no type of the registry "
                         "is such",
                         "entry %s can match no order", entry->id);
}

/* ---- two that disagree ---- */

static const struct rule_predicate *same_field(const struct rule_entry *entry,
                                               enum rule_field field)
{
    for (size_t i = 0; i < entry->when_count; i++)
        if (entry->when[i].field == field)
            return &entry->when[i];
    return NULL;
}

static bool is_within(const struct rule_entry *narrow, const struct rule_entry *wide)
{
    bool within =
        narrow->valid_from_ms >= wide->valid_from_ms && narrow->valid_to_ms <= wide->valid_to_ms;
    for (size_t i = 0; i < narrow->when_count; i++)
        within &= rule_predicate_implies(&narrow->when[i], same_field(wide, narrow->when[i].field));
    return within;
}

/* Both ask for the same, partly for the same of it, and give it to different units. Where one is
 * the other's exception nobody wonders; here only the order of the file decides. */
static void check_overlap(struct check *check, const struct rule_entry *first,
                          const struct rule_entry *second)
{
    bool meet = first->when_count > 0 && first->when_count == second->when_count &&
                first->valid_from_ms < second->valid_to_ms &&
                second->valid_from_ms < first->valid_to_ms &&
                !rule_target_equal(&first->lead, &second->lead);
    for (size_t i = 0; meet && i < first->when_count; i++) {
        const struct rule_predicate *other = same_field(second, first->when[i].field);
        meet = other && rule_predicate_meets(&first->when[i], other);
    }
    if (!meet || is_within(first, second) || is_within(second, first))
        return;
    diagnostics_add(check->diagnostics, second->written,
                    "take what both name out of one of them, or end one where the other begins",
                    "entries %s and %s both match some orders and name different leads: only the "
                    "file's order would decide",
                    first->id, second->id);
}

/* 条例 19: 水电气热 answer at any hour. */
static void check_utilities(struct check *check)
{
    const struct registry *types = check->district->types;
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(types, i)); i++) {
        const struct rule_class *one =
            rules_class(check->rules, registry_cell(types, row, "limit_class"));
        if (one && one->limit.clock == LIMIT_WORKING &&
            span_is(registry_cell(types, row, "level"), "utility"))
            diagnostics_add(check->diagnostics, one->written,
                            "give the type a class of natural time",
                            "utilities answer day and night, and %.*s has class %s of working time",
                            SPAN_ARG(registry_cell(types, row, "code")), one->name);
    }
}

void rules_check(const struct rules *rules, const struct district *district,
                 struct diagnostics *diagnostics)
{
    struct check check = {.rules = rules, .district = district, .diagnostics = diagnostics};
    check.reached = xcalloc(rules->entry_count, sizeof *check.reached);
    collect(&check);
    visit_all(&check, look, NULL);
    for (size_t i = 0; i < rules->entry_count; i++)
        if (!check.reached[i])
            check_reached(&check, &rules->entries[i]);
    for (size_t i = 0; i < rules->entry_count; i++)
        for (size_t j = i + 1; j < rules->entry_count; j++)
            check_overlap(&check, &rules->entries[i], &rules->entries[j]);
    check_utilities(&check);
    free(check.reached);
}
