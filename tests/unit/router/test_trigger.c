/* SPDX-License-Identifier: Apache-2.0 */
/* What a trigger's file may say, and where and how a slip in it is told. */
#include "windows.h"

#define HEAD   "trigger: t\nname: 例\n"
#define ON     "on: { kind: request, stage: opened }\n"
#define GROUP  "group: [community_code]\n"
#define COUNT  "count: { at_least: 2, within: 1d }\n"
#define OPEN   "open: { say: \"{count}件\" }\n"
#define BEFORE HEAD ON GROUP

struct slip {
    const char *name, *yaml, *complaint; /* from t.yaml: on */
};

static const struct slip slips[] = {
    {"no_form", BEFORE OPEN,
     "t.yaml:1:1: error: it does not say when it fires; fix: write one of count:, sequence:, "
     "notice:, surge:, absence:, silence:, threshold: and calendar:"},
    {"two_forms", BEFORE COUNT "surge: { at_least: 5 }\n" OPEN,
     "t.yaml:6:8: error: a trigger has one form; fix: make two triggers of it"},
    {"a_form_that_is_no_map", BEFORE "count: 3\n" OPEN,
     "t.yaml:5:8: error: a form is a map; fix: write its keys: count: { at_least: 3, within: 7d }"},
    {"an_unknown_key", BEFORE COUNT "cooldown: 1d\n" OPEN,
     "t.yaml:6:1: error: unknown key cooldown; fix: did you mean cool_down?"},
    {"no_group", HEAD ON COUNT OPEN,
     "t.yaml:1:1: error: this map has no group; fix: add `group: ...`"},
    {"a_group_of_five", HEAD ON "group: [a, b, c, d, e]\n" COUNT OPEN,
     "t.yaml:4:8: error: this is no group; fix: write one to four fields: group: [community_code, "
     "type_code]"},
    {"a_name_for_a_state_key", "trigger: _clock\nname: 例\n" ON GROUP COUNT OPEN,
     "t.yaml:1:10: error: a trigger cannot be called \"_clock\"; fix: write it like "
     "rain_on_past_points"},
    {"no_such_kind", HEAD "on: { kind: requests, stage: opened }\n" GROUP COUNT OPEN,
     "t.yaml:3:13: error: no kind \"requests\"; did you mean request; fix: use a kind of kinds/"},
    {"no_such_stage", HEAD "on: { kind: request, stage: opend }\n" GROUP COUNT OPEN,
     "t.yaml:3:29: error: kind request has no stage \"opend\"; did you mean opened; fix: "
     "use a stage of kinds/"},
    {"listens_to_nothing", HEAD "on: { type_code: R0105 }\n" GROUP COUNT OPEN,
     "t.yaml:3:5: error: it does not say what to listen to; fix: write { kind: request, stage: "
     "opened, … } or { observation: weather_alert, … }"},
    {"a_predicate_without_value", HEAD "on: { kind: request, type_code: [] }\n" GROUP COUNT OPEN,
     "t.yaml:3:33: error: a list of nothing matches nothing; fix: name what it may be, or leave "
     "the "
     "field out"},
    {"a_range_that_holds_nothing",
     HEAD "on: { kind: request, round: { from: 3, to: 2 } }\n" GROUP COUNT OPEN,
     "t.yaml:3:29: error: round is never there: from is not before to; fix: write the smaller one "
     "as from:"},
    {"no_length", BEFORE "count: { at_least: 2 }\n" OPEN,
     "t.yaml:5:8: error: count has no within; fix: add `within: ...`"},
    {"no_length_at_all", BEFORE "count: { at_least: 2, within: 0s }\n" OPEN,
     "t.yaml:5:31: error: no window has that length; fix: write from 1s to 1100d"},
    {"more_people_than_facts",
     BEFORE "count: { at_least: 2, within: 1d, distinct: { caller_ref: 3 } }\n" OPEN,
     "t.yaml:5:45: error: so few facts are never of so many different people; fix: lower it, or "
     "raise at_least"},
    {"more_than_evidence_lists", BEFORE "count: { at_least: 101, within: 1d }\n" OPEN,
     "t.yaml:5:20: error: at_least cannot be 101; fix: write a whole number from 1 to 100"},
    {"a_sequence_that_says_on",
     BEFORE "sequence: { first: { stage: closed }, then: { stage: opened }, within: 1d }\n" OPEN,
     "t.yaml:3:5: error: this form listens to what it says itself; fix: strike it out"},
    {"an_absence_of_no_length", BEFORE "absence: { of: { kind: request, stage: signed } }\n" OPEN,
     "t.yaml:5:10: error: an absence needs one of within: and before:; fix: write within: 48h, or "
     "before: due_at with by: { share: 0.2 }"},
    {"an_absence_before_something_else",
     BEFORE "absence: { of: { kind: request, stage: signed }, before: opened_at, by: { share: 0.2 "
            "} }\n" OPEN,
     "t.yaml:5:58: error: only due_at can be waited for; fix: write before: due_at"},
    {"silence_of_a_community", HEAD GROUP "silence: { cadences: 3 }\n" OPEN,
     "t.yaml:4:10: error: silence is a station's; fix: write group: [station]"},
    {"a_threshold_of_both",
     BEFORE "threshold: { field: waiting, above: 5, below: 9, for: 1h }\n" OPEN,
     "t.yaml:5:12: error: a threshold needs one of above: and below:; fix: write above: 50, or "
     "below: 5"},
    {"judged_with_more_than_all", BEFORE "surge: { weeks: 4, judged_with: 5 }\n" OPEN,
     "t.yaml:5:8: error: it asks for more weeks than it looks at; fix: let judged_with be at most "
     "weeks"},
    {"no_day", BEFORE "calendar: { every_year: \"02-30\" }\n" OPEN,
     "t.yaml:5:25: error: this is no day of the year; fix: write month and day: 11-15"},
    {"a_season_of_no_day", BEFORE COUNT "season: { from: winter, to: \"03-15\" }\n" OPEN,
     "t.yaml:6:17: error: this is no day of the year; fix: write month and day: 11-15"},
    {"nobody_confirms", BEFORE COUNT "confirm: mayor\n" OPEN,
     "t.yaml:6:10: error: confirm cannot be \"mayor\"; fix: write desk or no"},
    {"no_cap_at_all", BEFORE COUNT "caps: { at_once: 0 }\n" OPEN,
     "t.yaml:6:18: error: at_once cannot be 0; fix: write a whole number from 1 to 1000"},
    {"opens_nothing", BEFORE COUNT,
     "t.yaml:1:1: error: this map has no open; fix: add `open: ...`"},
    {"says_nothing", BEFORE COUNT "open: { place: same }\n",
     "t.yaml:6:7: error: open has no say; fix: add `say: ...`"},
    {"a_word_nothing_fills", BEFORE COUNT "open: { say: \"{comunity}\" }\n",
     "t.yaml:6:14: error: nothing fills {comunity}; fix: did you mean {community}?"},
    {"a_code_where_its_name_is_meant", BEFORE COUNT "open: { say: \"{community_code}\" }\n",
     "t.yaml:6:14: error: nothing fills {community_code}; fix: did you mean {community}?"},
    {"a_caller_in_a_sentence",
     HEAD ON "group: [caller_ref]\n" COUNT "open: { say: \"{caller_ref}\" }\n",
     "t.yaml:6:14: error: nothing fills {caller_ref}; fix: use {count}, {distinct}, "},
    {"a_field_of_another_group", BEFORE COUNT "open: { say: \"{foreman}\" }\n",
     "t.yaml:6:14: error: nothing fills {foreman}; fix: use {count}, {distinct}, {within}, "
     "{type}, {community}, …, or a field of group:"},
    {"no_such_type", BEFORE COUNT "open: { type_code: R9999, say: x }\n",
     "t.yaml:6:20: error: no type \"R9999\"; fix: write same, or a code of "
     "registries/request_types.csv"},
    {"no_such_unit", BEFORE COUNT "open: { lead: d_mars, say: x }\n",
     "t.yaml:6:15: error: no unit \"d_mars\"; fix: use a code of registries/units.csv"},
    {"another_place", BEFORE COUNT "open: { place: here, say: x }\n",
     "t.yaml:6:16: error: only the facts know a place; fix: write place: same, or leave it out"},
    {"words_of_the_sentence", BEFORE COUNT "open:\n  say: \"{count}件\"\n  words: { water: 水 }\n",
     "t.yaml:8:3: error: words is no key of open:; fix: move it to the top level of the file"},
    {"words_that_are_no_map", BEFORE COUNT "words: [水]\n" OPEN,
     "t.yaml:6:8: error: words is a map from codes to what they are called; fix: write words: { "
     "water: 水, power: 电 }"},
};

static void each_slip_is_told_at_its_place(void **state)
{
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(slips); i++) {
        struct triggers *loaded = triggers_of(slips[i].yaml);
        if (!loaded && strncmp(complaint, slips[i].complaint, strlen(slips[i].complaint)) == 0)
            continue;
        print_error("%s:\n expected %s\n came     %s\n", slips[i].name, slips[i].complaint,
                    complaint);
        triggers_free(loaded);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    struct triggers *loaded =
        triggers_of(HEAD ON GROUP "count: { at_least: 2, within: 36h }\n" OPEN);
    const struct trigger *trigger = triggers_find(loaded, SPAN("t"));
    assert_non_null(trigger);
    assert_int_equal(trigger->cool_down_ms, 36 * INT64_C(3600000));
    assert_int_equal(trigger->most_at_once, 20);
    assert_int_equal(trigger->most_a_day, 100);
    assert_true(trigger->confirm);
    assert_true(trigger_is_on(trigger, 0));
    assert_null(triggers_find(loaded, SPAN("u")));
    triggers_free(loaded);
}

static void it_asks_signals_for_what_it_needs(void **state)
{
    (void)state;
    struct triggers *loaded =
        triggers_of(HEAD ON "group: [case, type_code]\ncount: { at_least: 2, within: 1d, distinct: "
                            "{ caller_ref: 2 } }\n"
                            "open: { type_code: same, place: same, say: \"{lead}{case}\" }\n");
    static const char *const wanted[] = {"type_code",   "caller_ref",     "lead",
                                         "street_code", "community_code", "estate_code"};
    const struct trigger *trigger = triggers_at(loaded, 0);
    assert_int_equal(trigger->field_count, ARRAY_LENGTH(wanted)); /* the case itself is no field */
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        size_t k = 0;
        while (k < trigger->field_count && !span_is(trigger->fields[k], wanted[i]))
            k++;
        assert_true(k < trigger->field_count);
    }
    triggers_free(loaded);
}

static void it_is_in_force_from_its_day_to_its_day(void **state)
{
    (void)state;
    struct triggers *loaded =
        triggers_of(HEAD ON GROUP COUNT "valid_from: 2026-03-01\nvalid_to: 2026-04-01\n" OPEN);
    const struct trigger *trigger = triggers_at(loaded, 0);
    assert_false(trigger_is_on(trigger, at("02-28T23:59")));
    assert_true(trigger_is_on(trigger, at("03-01T00:00")));
    assert_true(trigger_is_on(trigger, at("03-31T23:59")));
    assert_false(trigger_is_on(trigger, at("04-01T00:00")));
    triggers_free(loaded);
}

static void a_folder_that_is_not_there_has_no_trigger(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct triggers *loaded = triggers_load("config/no_such_folder", kinds, &district, diagnostics);
    assert_non_null(loaded);
    assert_int_equal(triggers_count(loaded), 0);
    triggers_free(loaded);
    diagnostics_free(diagnostics);
}

static void the_districts_own_ones_are_good(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct triggers *loaded = triggers_load("config/triggers", kinds, &district, diagnostics);
    bool forms[TRIGGER_FORMS] = {false};
    assert_non_null(loaded);
    for (size_t i = 0; i < triggers_count(loaded); i++)
        forms[triggers_at(loaded, i)->form] = true;
    for (int i = 0; i < TRIGGER_FORMS; i++)
        assert_true(forms[i]); /* each form has one */
    triggers_free(loaded);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slip_is_told_at_its_place),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(it_asks_signals_for_what_it_needs),
        cmocka_unit_test(it_is_in_force_from_its_day_to_its_day),
        cmocka_unit_test(a_folder_that_is_not_there_has_no_trigger),
        cmocka_unit_test(the_districts_own_ones_are_good),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
