/* SPDX-License-Identifier: Apache-2.0 */
/* The only place in ingest that reads the host's clock for data. */
#include "ingest/ingest_clock.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/timestamp.h"

void ingest_clock_init(struct ingest_clock *clock, bool manual, const char *note_dir)
{
    *clock = (struct ingest_clock){.manual = manual, .now_ms = TIMESTAMP_NONE};
    if (!manual)
        return;
    mkdir(note_dir, 0700); /* there already, or the write below is in vain: both are fine */
    snprintf(clock->file, sizeof clock->file, "%s/ingest.clock", note_dir);
    FILE *in = fopen(clock->file, "r");
    char text[32];
    int64_t kept;
    if (in == NULL)
        return;
    if (fgets(text, sizeof text, in) && span_to_int64(span_trim(span_of(text)), &kept))
        clock->now_ms = kept;
    fclose(in);
}

int64_t ingest_clock_now(const struct ingest_clock *clock)
{
    struct timespec now;
    if (clock->manual)
        return clock->now_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool ingest_clock_set(struct ingest_clock *clock, int64_t now_ms)
{
    char aside[520];
    if (clock->now_ms != TIMESTAMP_NONE && now_ms < clock->now_ms)
        return false;
    clock->now_ms = now_ms;
    snprintf(aside, sizeof aside, "%s.new", clock->file);
    FILE *out = fopen(aside, "w");
    if (out) {
        fprintf(out, "%lld\n", (long long)now_ms);
        fclose(out);
        rename(aside, clock->file);
    }
    return true;
}
