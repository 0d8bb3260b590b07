/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/replay_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

#define MOST_ROWS  4096
#define MOST_BYTES ((size_t)16 << 20)

static const char *const words[] = {
#define REPLAY_WORD(id, word, says) #word,
    REPLAY_FATES(REPLAY_WORD)
#undef REPLAY_WORD
};

static const char *const meanings[] = {
#define REPLAY_MEANING(id, word, says) says,
    REPLAY_FATES(REPLAY_MEANING)
#undef REPLAY_MEANING
};

void replay_report_init(struct replay_report *report)
{
    *report = (struct replay_report){0};
}

void replay_report_fini(struct replay_report *report)
{
    free(report->rows);
}

const char *replay_report_word(enum replay_fate fate)
{
    return words[fate];
}

/* The last row stands for all that are too many. */
static struct replay_row *row_of(struct replay_report *report, enum replay_fate fate,
                                 const char *from, const char *to)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].fate == fate && strcmp(report->rows[i].from, from) == 0 &&
            strcmp(report->rows[i].to, to) == 0)
            return &report->rows[i];
    if (report->count == MOST_ROWS)
        return &report->rows[MOST_ROWS - 1];
    report->rows = xrealloc(report->rows, (report->count + 1) * sizeof *report->rows);
    struct replay_row *row = &report->rows[report->count++];
    *row = (struct replay_row){.fate = fate};
    snprintf(row->from, sizeof row->from, "%s", from);
    snprintf(row->to, sizeof row->to, "%s", to);
    return row;
}

void replay_report_add(struct replay_report *report, enum replay_fate fate, struct span from,
                       struct span to, struct span case_id)
{
    char a[64], b[64];
    struct replay_row *row =
        row_of(report, fate, span_to_cstr(from.len ? from : SPAN("-"), a, sizeof a),
               span_to_cstr(to.len ? to : SPAN("-"), b, sizeof b));
    if (row->orders++ == 0)
        span_to_cstr(case_id, row->example, sizeof row->example);
}

static int by_orders(const void *a, const void *b)
{
    const struct replay_row *x = a, *y = b;
    int order = (int)x->fate - (int)y->fate;
    order = order ? order : (x->orders < y->orders) - (x->orders > y->orders);
    order = order ? order : strcmp(x->from, y->from);
    return order ? order : strcmp(x->to, y->to);
}

static void write_counts(const struct replay_report *report, struct strbuf *json)
{
    strbuf_addf(json, "\"records\":%lld", (long long)report->records);
    for (int i = REPLAY_OUTSIDE + 1; i < REPLAY_FATE_COUNT; i++)
        strbuf_addf(json, ",\"%s\":%lld", words[i], (long long)report->fates[i]);
    strbuf_addf(json,
                ",\"accepted_now\":%lld,\"lost\":%lld,\"left\":%lld,\"events\":%lld,"
                "\"orders\":%lld,\"rejects\":{",
                (long long)report->accepted_now, (long long)report->lost, (long long)report->left,
                (long long)report->events, (long long)report->orders);
    const char *comma = "";
    for (int i = 0; i < REPLAY_REJECTS; i++) {
        if (!report->rejects[i])
            continue;
        strbuf_addf(json, "%s\"%s\":%lld", comma, reject_name((enum reject)i),
                    (long long)report->rejects[i]);
        comma = ",";
    }
    strbuf_add_char(json, '}');
}

/* A sum: the partitions of a topic are read in any order beside each other. */
void replay_report_copy(struct replay_report *report, int32_t partition, int64_t offset,
                        struct span header)
{
    unsigned char hash[DIGEST_BYTES];
    uint64_t word;
    struct strbuf text;
    strbuf_init(&text, 512, 65536);
    strbuf_addf(&text, "%d/%lld|%.*s", (int)partition, (long long)offset, SPAN_ARG(header));
    digest_sha256(hash, strbuf_span(&text));
    strbuf_fini(&text);
    for (size_t i = 0; i < ARRAY_LENGTH(report->copies); i++) {
        memcpy(&word, hash + i * sizeof word, sizeof word);
        report->copies[i] += word;
    }
}

void replay_report_hash(const struct replay_report *report, struct span range,
                        char hash[DIGEST_ID_LEN + 1])
{
    struct strbuf text;
    strbuf_init(&text, 1024, MOST_BYTES);
    strbuf_add(&text, range);
    write_counts(report, &text);
    for (size_t i = 0; i < ARRAY_LENGTH(report->copies); i++)
        strbuf_addf(&text, "|%llx", (unsigned long long)report->copies[i]);
    digest_bytes(hash, strbuf_span(&text));
    strbuf_fini(&text);
}

void replay_report_write(const struct replay_report *report, struct span members,
                         struct strbuf *json)
{
    strbuf_addf(json, "{%.*s", SPAN_ARG(members));
    write_counts(report, json);
    if (report->count > 1)
        qsort(report->rows, report->count, sizeof *report->rows, by_orders);
    strbuf_add(json, SPAN(",\"units\":["));
    for (size_t i = 0; i < report->count; i++) {
        const struct replay_row *row = &report->rows[i];
        strbuf_addf(json, "%s{\"what\":\"%s\",\"from\":", i ? "," : "", words[row->fate]);
        strbuf_add_json(json, span_of(row->from));
        strbuf_add(json, SPAN(",\"to\":"));
        strbuf_add_json(json, span_of(row->to));
        strbuf_addf(json, ",\"orders\":%lld,\"example\":", (long long)row->orders);
        strbuf_add_json(json, span_of(row->example));
        strbuf_add_char(json, '}');
    }
    strbuf_add(json, SPAN("]}\n"));
}

void replay_report_show(const struct replay_report *report, FILE *out)
{
    fprintf(out, "records\twhat\tmeans\n");
    for (int i = REPLAY_OUTSIDE + 1; i < REPLAY_FATE_COUNT; i++)
        if (report->fates[i] || i <= REPLAY_SAME)
            fprintf(out, "%lld\t%s\t%s\n", (long long)report->fates[i], words[i], meanings[i]);
    fprintf(out, "%lld\trecords\tin the range; %lld of them were rejected and are good now\n",
            (long long)report->records, (long long)report->accepted_now);
    for (int i = 0; i < REPLAY_REJECTS; i++)
        if (report->rejects[i])
            fprintf(out, "%lld\t%s\t%s\n", (long long)report->rejects[i],
                    reject_name((enum reject)i), reject_english((enum reject)i));
    if (report->count == 0)
        return;
    fprintf(out, "\norders\twhat\tfrom\tto\texample\n");
    for (size_t i = 0; i < report->count; i++)
        fprintf(out, "%lld\t%s\t%s\t%s\t%s\n", (long long)report->rows[i].orders,
                words[report->rows[i].fate], report->rows[i].from, report->rows[i].to,
                report->rows[i].example);
}
