/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/replay_offsets.h"

#include <inttypes.h>

static const struct replay_range *find(const struct replay_offsets *offsets, int32_t partition)
{
    for (size_t i = 0; i < offsets->count; i++)
        if (offsets->ranges[i].partition == partition)
            return &offsets->ranges[i];
    return NULL;
}

static bool is_digits(struct span text)
{
    return text.len > 0 && text.at[0] >= '0' && text.at[0] <= '9';
}

static bool read_number(struct span text, int64_t most, int64_t *value)
{
    return is_digits(text) && span_to_int64(text, value) && *value <= most;
}

static bool read_range(struct span text, struct replay_range *range, struct error *error)
{
    struct span rest = text;
    struct span partition = span_cut(&rest, ':'), from = span_cut(&rest, '-');
    int64_t number;
    if (!read_number(partition, INT32_MAX, &number) ||
        !read_number(from, INT64_MAX, &range->from) || !read_number(rest, INT64_MAX, &range->to))
        return error_set(error, ERROR_CONFIG, 0, "\"%.*s\" is no range; fix: write 3:1200-1500",
                         SPAN_ARG(text));
    range->partition = (int32_t)number;
    return range->from < range->to ||
           error_set(error, ERROR_CONFIG, 0,
                     "\"%.*s\" has nothing in it: TO is the first that is not taken; fix: a TO "
                     "above FROM",
                     SPAN_ARG(text));
}

bool replay_offsets_read(struct replay_offsets *offsets, const char *text, struct error *error)
{
    struct span rest = span_of(text);
    while (rest.at) {
        struct replay_range range = {0};
        if (!read_range(span_cut(&rest, ','), &range, error))
            return false;
        if (find(offsets, range.partition))
            return error_set(error, ERROR_CONFIG, 0,
                             "partition %d is named twice; fix: one range a partition, a replay "
                             "of its own for the other",
                             (int)range.partition);
        if (offsets->count == REPLAY_OFFSETS)
            return error_set(error, ERROR_CONFIG, 0,
                             "more than %d ranges; fix: the rest in a replay of its own",
                             REPLAY_OFFSETS);
        offsets->ranges[offsets->count++] = range;
    }
    return true;
}

void replay_offsets_write(const struct replay_offsets *offsets, struct strbuf *out)
{
    for (size_t i = 0; i < offsets->count; i++) {
        const struct replay_range *range = &offsets->ranges[i];
        strbuf_addf(out, "%s%d:%" PRId64 "-%" PRId64, i ? "," : "", (int)range->partition,
                    range->from, range->to);
    }
}

/* ---- where they lie in the log ---- */

static bool is_there(const struct replay_range *range, const struct log_copy_part *parts,
                     size_t count, struct error *error)
{
    if ((size_t)range->partition >= count)
        return error_set(error, ERROR_REFUSED, 0,
                         "raw has no partition %d; fix: one of its %zu, 0 to %zu",
                         (int)range->partition, count, count - 1);
    const struct log_copy_part *part = &parts[range->partition];
    if (part->from == part->to)
        return error_set(error, ERROR_REFUSED, 0,
                         "raw/%d holds nothing now: it begins and ends at %" PRId64
                         "; fix: leave that partition out",
                         (int)range->partition, part->from);
    if (range->from >= part->from && range->to <= part->to)
        return true;
    return error_set(error, ERROR_REFUSED, 0,
                     "raw/%d holds %" PRId64 "-%" PRId64 " now: %" PRId64 "-%" PRId64
                     " %s; fix: a range within",
                     (int)range->partition, part->from, part->to, range->from, range->to,
                     range->from < part->from ? "begins before it, which is gone (retention)"
                                              : "goes beyond its end");
}

bool replay_offsets_narrow(const struct replay_offsets *offsets, struct log_copy_part *parts,
                           size_t count, struct error *error)
{
    for (size_t i = 0; i < offsets->count; i++)
        if (!is_there(&offsets->ranges[i], parts, count, error))
            return false;
    for (size_t i = 0; i < count && offsets->count; i++) {
        struct log_copy_part *part = &parts[i];
        const struct replay_range *range = find(offsets, part->partition);
        part->to = range ? range->to : part->from;
        part->from = part->next = range ? range->from : part->from;
    }
    return true;
}
