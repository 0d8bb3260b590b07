/* SPDX-License-Identifier: Apache-2.0 */
/* Codes become the names that held on the firing's day; numbers and times are written as people of
 * the district read them. */
#include "router/core/firing_say.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/trigger_internal.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define TENTH     INT64_C(100000) /* of millionths */

static void say_duration(struct strbuf *out, int64_t ms)
{
    if (ms % DAY_MS == 0 || ms >= 3 * DAY_MS)
        strbuf_addf(out, "%lld天", (long long)(ms / DAY_MS));
    else if (ms >= HOUR_MS)
        strbuf_addf(out, "%lld小时", (long long)(ms / HOUR_MS));
    else
        strbuf_addf(out, "%lld分钟", (long long)(ms / MINUTE_MS));
}

static void say_time(struct strbuf *out, int64_t ms)
{
    struct civil civil;
    timestamp_to_civil(ms, YAML_DATE_ZONE_MINUTES, &civil);
    strbuf_addf(out, "%d月%d日%02d:%02d", civil.month, civil.day, civil.hour, civil.minute);
}

static void say_date(struct strbuf *out, int64_t ms)
{
    struct civil civil;
    timestamp_to_civil(ms, YAML_DATE_ZONE_MINUTES, &civil);
    strbuf_addf(out, "%d月%d日", civil.month, civil.day);
}

/* One decimal, none where it is 0. */
static void say_millionths(struct strbuf *out, int64_t millionths)
{
    int64_t tenths = (millionths + TENTH / 2) / TENTH;
    strbuf_add_int(out, tenths / 10);
    if (tenths % 10)
        strbuf_addf(out, ".%lld", (long long)(tenths % 10));
}

static int64_t length_of(const struct firing *firing)
{
    const struct trigger *trigger = firing->trigger;
    if (trigger->form == TRIGGER_THRESHOLD)
        return trigger->for_ms;
    return trigger->within_ms ? trigger->within_ms
                              : firing->finding->to_ms - firing->finding->from_ms;
}

static void say_number(struct strbuf *out, const struct firing *firing, struct span word)
{
    const struct window_finding *finding = firing->finding;
    if (span_is(word, "count"))
        strbuf_addf(out, "%s%lld", finding->more ? "至少" : "", (long long)finding->count);
    else if (span_is(word, "distinct"))
        strbuf_add_int(out, finding->distinct);
    else if (span_is(word, "within"))
        say_duration(out, length_of(firing));
    else if (span_is(word, "lasted"))
        say_duration(out, finding->to_ms - finding->from_ms);
    else if (span_is(word, "since"))
        say_time(out, finding->from_ms);
    else if (span_is(word, "until"))
        say_time(out, finding->to_ms);
    else if (span_is(word, "date"))
        say_date(out, finding->anchor_ms);
    else if (span_is(word, "mean"))
        say_millionths(out, finding->mean_millionths);
    else if (span_is(word, "value"))
        say_millionths(out, finding->value);
}

static struct span name_in_words(const struct trigger *trigger, struct span value)
{
    const struct yaml_node *one = trigger->words ? trigger->words->first : NULL;
    for (; one; one = one->next)
        if (span_is(value, one->key) && one->type == YAML_SCALAR)
            return span_of(one->text);
    return value;
}

static struct span name_of(const struct firing *firing, struct span word, struct span value)
{
    int64_t day = window_day_of(firing->time_ms);
    struct span name = SPAN_NONE;
    if (span_is(word, "type"))
        name = district_type(firing->district, value, day).name;
    else if (span_is(word, "community") || span_is(word, "street"))
        name = district_place_name(firing->district, value, day);
    else if (span_is(word, "lead") || span_is(word, "unit"))
        name = district_unit_name(firing->district, value, day);
    else if (span_is(word, "station") && firing->station)
        name = firing->station->name;
    return name.len ? name : name_in_words(firing->trigger, value);
}

static struct span street_of(const struct firing *firing)
{
    return district_street(firing->district, firing_field(firing, SPAN("community_code")),
                           firing_field(firing, SPAN("street_code")),
                           window_day_of(firing->time_ms));
}

static void say_field(struct strbuf *out, const struct firing *firing, struct span word,
                      struct span field)
{
    struct span value = firing_field(firing, field);
    int64_t ms;
    if (span_is(word, "street"))
        value = street_of(firing);
    if (!value.len)
        return;
    if (timestamp_parse_rfc3339(value, &ms))
        say_time(out, ms);
    else
        strbuf_add(out, name_of(firing, word, value));
}

void firing_say(struct strbuf *out, const struct firing *firing)
{
    struct span rest = span_of(firing->trigger->open.say), field;
    while (rest.at) {
        strbuf_add(out, span_cut(&rest, '{'));
        if (!rest.at)
            return;
        struct span word = span_cut(&rest, '}');
        if (trigger_word(firing->trigger, word, &field) && field.at)
            say_field(out, firing, word, field);
        else
            say_number(out, firing, word);
    }
}
