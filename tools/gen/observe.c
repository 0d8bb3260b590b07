/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are those of config/feeds/heartbeat.yaml and weather.yaml. */
#include "gen/observe.h"

#include "base/base.h"
#include "base/timestamp.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define WARNED_BEFORE HOUR
#define OPENS         (7 * HOUR)
#define CLOSES        (20 * HOUR)

/* From seven to eight, whatever its hours are, at minutes of its own; the silent one until it falls
 * silent. */
static void add_beats(struct day *day, size_t station)
{
    const struct life_day *frame = &day->frame;
    int64_t zone = LIFE_ZONE_MINUTES * MINUTE, every = day->pool->beat_ms[station];
    int64_t midnight = frame->begins_ms - (frame->begins_ms + zone) % DAY;
    int64_t ends = station == frame->silent ? frame->span.silent_from_ms : frame->ends_ms;
    for (; midnight < ends; midnight += DAY)
        for (int64_t at = midnight + OPENS + (int64_t)(station * 7 % 30) * MINUTE;
             at < midnight + CLOSES; at += every)
            if (at >= frame->begins_ms && at < ends)
                day_add_item(day, at, station, DAY_BEAT, LIFE_STAGES);
}

void observe_add(struct day *day)
{
    const struct life_span *span = &day->frame.span;
    int64_t warned = span->rain_from_ms - WARNED_BEFORE;
    size_t before = day->item_count;
    for (size_t i = 0; i < day->pool->station_count; i++)
        add_beats(day, i);
    if (day->pool->mix.has[MIX_RAIN] && warned >= day->frame.begins_ms)
        day_add_item(day, warned, 0, DAY_WEATHER, LIFE_SIGNED);
    if (day->pool->mix.has[MIX_RAIN] && span->rain_to_ms < day->frame.ends_ms)
        day_add_item(day, span->rain_to_ms, 0, DAY_WEATHER, LIFE_CLOSED);
    day->sums.observations = (int64_t)(day->item_count - before);
}

static void add_time(struct strbuf *out, int64_t ms)
{
    struct civil civil;
    timestamp_to_civil(ms, LIFE_ZONE_MINUTES, &civil);
    strbuf_addf(out, "\"%04d-%02d-%02d %02d:%02d:%02d\"", civil.year, civil.month, civil.day,
                civil.hour, civil.minute, civil.second);
}

void observe_write(struct strbuf *out, const struct day *day, const struct day_item *item)
{
    if (item->kind == DAY_BEAT) {
        strbuf_addf(out, "\"/v1/feeds/heartbeat\",\"item\":{\"station\":\"%.*s\",\"at\":%lld}",
                    SPAN_ARG(day->pool->stations[item->life]), (long long)item->at_ms);
        return;
    }
    strbuf_addf(
        out,
        "\"/v1/feeds/weather\",\"item\":{\"预警\":{\"编号\":\"RAIN-%llu\",\"类型\":\"暴雨\","
        "\"等级\":\"橙色\",\"状态\":\"%s\",\"时间\":",
        (unsigned long long)day->frame.seed, item->stage == LIFE_SIGNED ? "发布" : "解除");
    add_time(out, item->at_ms);
    strbuf_add(out, SPAN(",\"有效至\":"));
    add_time(out, day->frame.span.rain_to_ms);
    strbuf_add(out, SPAN("},\"范围\":{}}"));
}
