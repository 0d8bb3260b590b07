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
        timestamp_parse(span_of(text), "%Y-%m-%d", YAML_DATE_ZONE_MINUTES, ms))
        return true;
    if (!timestamp_parse_duration(span_of(text), &ago_ms))
        return false;
    *ms = now_ms - ago_ms;
    return true;
}

int moment_bad(const char *verb, const char *text)
{
    return verb_usage(verb,
                      "\"%s\" is no day (2026-03-02), time (2026-03-02T18:00:00+08:00) or "
                      "duration (2h)",
                      text);
}
