/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/moment.h"

#include <time.h>

#include "base/timestamp.h"
#include "citybrain/verb.h"
#include "config/yaml.h"

int64_t moment_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool moment_read(const char *text, int64_t now_ms, int64_t *ms)
{
    int64_t ago_ms;
    if (timestamp_parse_rfc3339(span_of(text), ms) ||
        timestamp_parse(span_of(text), "%Y-%m-%d", YAML_DATE_ZONE_MINUTES, ms) ||
        timestamp_parse(span_of(text), "%Y-%m-%d %H:%M:%S%z", YAML_DATE_ZONE_MINUTES, ms))
        return true;
    if (!timestamp_parse_duration(span_of(text), &ago_ms))
        return false;
    *ms = now_ms - ago_ms;
    return true;
}

void moment_add_bare(struct strbuf *out, int64_t ms)
{
    struct civil civil;
    if (ms == TIMESTAMP_NONE) {
        strbuf_add_char(out, '-');
        return;
    }
    timestamp_to_civil(ms, YAML_DATE_ZONE_MINUTES, &civil);
    strbuf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
                civil.hour, civil.minute, civil.second);
}

void moment_add(struct strbuf *out, int64_t ms)
{
    moment_add_bare(out, ms);
    if (ms != TIMESTAMP_NONE)
        strbuf_addf(out, "+%02d:%02d", YAML_DATE_ZONE_MINUTES / 60, YAML_DATE_ZONE_MINUTES % 60);
}

bool moment_add_text(struct strbuf *out, struct span text)
{
    int64_t ms;
    bool is_time = text.at && timestamp_parse_rfc3339(text, &ms);
    if (is_time)
        moment_add(out, ms);
    return is_time;
}

int moment_bad(const char *verb, const char *text)
{
    return verb_usage(verb,
                      "\"%s\" is no day (2026-03-02), time (2026-03-02T18:00:00+08:00) or "
                      "duration (2h)",
                      text);
}
