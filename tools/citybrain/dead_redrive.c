/* SPDX-License-Identifier: Apache-2.0 */
/* The topic is read twice: for the plan, which keeps places and ids, and for the bytes. A letter
 * that came between the two is not of the plan. */
#include "citybrain/dead_redrive.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "citybrain/dead_plan.h"
#include "citybrain/verb.h"
#include "kafka/log_writer.h"

#define BEFORE_MS 60000 /* clocks being what they are */
#define PAUSE_US  300000

struct work {
    const struct dead_redrive *redrive;
    struct plan *plan;
    struct dead_try trial;
    struct dead_plan letters;
    struct dead_plan_counts counts;
    struct log_writer *writer;
    struct strbuf text;    /* of the plan, then of a header */
    char folder[PATH_MAX]; /* whose mappings it was planned by */
    int64_t written, seen;
    bool executed; /* it was begun: not refused */
    struct error error;
};

static bool read_letters(struct work *work, dead_letter_fn *each)
{
    const struct dead_redrive *redrive = work->redrive;
    int64_t strange = 0;
    bool good =
        dead_letter_each(redrive->settings, redrive->filter, each, work, &strange, &work->error);
    if (strange)
        fprintf(stderr, "citybrain dead: %" PRId64 " records without a header of ours are left\n",
                strange);
    return good && work->error.kind == ERROR_NONE;
}

static bool is_asked(const struct work *work, const struct dead_verdict *verdict)
{
    const char *station = work->redrive->filter->station;
    return !station || span_is(verdict->station, station);
}

static bool plan_letter(void *context, const struct dead_letter *letter)
{
    struct work *work = context;
    struct dead_verdict verdict;
    dead_try_letter(&work->trial, letter, &verdict);
    if (is_asked(work, &verdict))
        dead_plan_add(&work->letters, letter, &verdict);
    return true;
}

/* ---- the plan ---- */

static void add_tally(struct strbuf *out, const char *name, const struct dead_plan_tally *tally)
{
    strbuf_addf(out, ",\"%s\":{", name);
    for (const struct dead_plan_tally *one = tally; one; one = one->next) {
        if (one != tally)
            strbuf_add_char(out, ',');
        strbuf_add_json(out, span_of(one->name));
        strbuf_addf(out, ":%" PRId64, one->count);
    }
    strbuf_add_char(out, '}');
}

static void write_plan(struct strbuf *out, const struct work *work)
{
    const struct dead_plan_counts *counts = &work->counts;
    strbuf_addf(out,
                "\"letters\":%" PRId64 ",\"accepted\":%" PRId64 ",\"there\":%" PRId64
                ",\"writes\":%" PRId64 ",\"first_dispatches\":%" PRId64 ",\"corrections\":%" PRId64
                ",\"rejected\":%" PRId64 ",\"left\":%" PRId64,
                counts->letters, counts->accepted, counts->there, counts->writes, counts->first,
                counts->corrects, counts->rejected, counts->left);
    add_tally(out, "mappings", work->letters.feeds);
    add_tally(out, "still_rejected", work->letters.rejected);
    add_tally(out, "left_because", work->letters.left);
}

/* Signed are the counts and the place of each letter that would go. */
static void sign(struct work *work)
{
    strbuf_reset(&work->text);
    write_plan(&work->text, work);
    for (size_t i = 0; i < work->letters.count; i++)
        if (work->letters.letters[i].writes)
            strbuf_addf(&work->text, " %d/%" PRId64, (int)work->letters.letters[i].partition,
                        work->letters.letters[i].offset);
    plan_sign(work->plan, strbuf_span(&work->text));
}

static void show_tally(FILE *out, const struct dead_plan_tally *tally)
{
    for (; tally; tally = tally->next)
        fprintf(out, "\t%s\t%" PRId64 "\n", tally->name, tally->count);
}

static void show_plan(const struct work *work, FILE *out)
{
    const struct dead_plan_counts *counts = &work->counts;
    fprintf(out, "计划 plan\t%s\n死信 letters\t%" PRId64 "\n", work->plan->hash, counts->letters);
    fprintf(out, "判断依据 judged by\t%s\n", work->folder);
    fprintf(out, "可受理 accepted\t%" PRId64 "\n", counts->accepted);
    show_tally(out, work->letters.feeds);
    fprintf(out, "  已在日志 there already\t%" PRId64 "\n", counts->there);
    fprintf(out, "  将写入 to be written\t%" PRId64 "\n", counts->writes);
    fprintf(out, "    首次派单 first dispatches\t%" PRId64 "\n", counts->first);
    fprintf(out, "    更正 corrections\t%" PRId64 "\n", counts->corrects);
    fprintf(out, "仍被拒 still rejected\t%" PRId64 "\n", counts->rejected);
    show_tally(out, work->letters.rejected);
    fprintf(out, "不可重投 left\t%" PRId64 "\n", counts->left);
    show_tally(out, work->letters.left);
}

static void show_json(struct work *work, FILE *out)
{
    strbuf_reset(&work->text);
    strbuf_add(&work->text, SPAN("\"config\":"));
    strbuf_add_json(&work->text, span_of(work->folder));
    strbuf_add_char(&work->text, ',');
    write_plan(&work->text, work);
    fprintf(out,
            "{\"plan\":\"%s\",%s,\"executed\":%s,\"written\":%" PRId64 ",\"seen\":%" PRId64 "}\n",
            work->plan->hash, work->text.at, work->executed ? "true" : "false", work->written,
            work->seen);
}

static bool make_plan(struct work *work)
{
    if (!read_letters(work, plan_letter) ||
        !dead_plan_look(&work->letters, work->redrive->settings, 0, &work->error))
        return false;
    work->counts = dead_plan_count(&work->letters);
    sign(work);
    return true;
}

/* ---- doing it ---- */

/* Headers: what it was received under, or what an event is, and that it was this letter. */
static bool write_letter(struct work *work, const struct dead_letter *letter,
                         const struct dead_verdict *verdict)
{
    char mark[80], topic[KAFKA_MAX_NAME];
    bool is_raw = verdict->header.feed.len && !span_is(verdict->header.feed, "events");
    int len = snprintf(mark, sizeof mark, "%d/%" PRId64 "/%" PRId64, (int)letter->partition,
                       letter->offset, letter->header.attempts + 1);
    struct output output = {.partition = OUTPUT_BY_KEY, .key = letter->key, .value = letter->value};
    strbuf_reset(&work->text);
    raw_header_write(&work->text, &verdict->header);
    if (is_raw)
        output.headers[output.header_count++] =
            (struct record_header){SPAN("cb"), strbuf_span(&work->text)};
    else if (verdict->is_event)
        output.headers[output.header_count++] =
            (struct record_header){SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)};
    output.headers[output.header_count++] =
        (struct record_header){SPAN(DEAD_REDRIVEN), span_from(mark, (size_t)len)};
    span_to_cstr(verdict->topic, topic, sizeof topic);
    return log_writer_add(work->writer, topic, &output, &work->error);
}

static bool redrive_letter(void *context, const struct dead_letter *letter)
{
    struct work *work = context;
    struct dead_verdict verdict;
    const struct dead_plan_letter *planned =
        dead_plan_find(&work->letters, letter->partition, letter->offset);
    if (!planned || !planned->writes)
        return true;
    dead_try_letter(&work->trial, letter, &verdict);
    if (!write_letter(work, letter, &verdict))
        return false;
    plan_step(work->plan, ++work->written);
    return true;
}

static int64_t wall_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a daemon with other mappings refuses anew is a letter again, and never seen. */
static bool wait_for_effect(struct work *work, int64_t from_ms)
{
    int64_t until_ms = wall_ms(CLOCK_MONOTONIC) + work->redrive->wait_ms;
    for (;;) {
        if (!dead_plan_look(&work->letters, work->redrive->settings, from_ms, &work->error))
            return false;
        work->seen = dead_plan_seen(&work->letters);
        if (work->seen == work->counts.writes || wall_ms(CLOCK_MONOTONIC) >= until_ms)
            return true;
        usleep(PAUSE_US);
    }
}

static void add_arguments(struct plan *plan, const struct dead_filter *filter)
{
    plan_add(plan, "feed", span_of(filter->feed));
    plan_add(plan, "station", span_of(filter->station));
    if (filter->code != REJECT_NONE)
        plan_add(plan, "code", span_of(reject_name(filter->code)));
}

static bool write_all(struct work *work)
{
    work->writer = log_writer_open(work->redrive->settings, "redrive", &work->error);
    if (!work->writer)
        return false;
    bool good = read_letters(work, redrive_letter) && log_writer_flush(work->writer, &work->error);
    work->written = log_writer_written(work->writer);
    log_writer_close(work->writer);
    return good;
}

static int execute(struct work *work)
{
    char planned[SPAN_DECIMAL], first[SPAN_DECIMAL], written[SPAN_DECIMAL], note[128];
    char times[2][40];
    struct plan *plan = work->plan;
    const struct dead_filter *filter = work->redrive->filter;
    int64_t from_ms = wall_ms(CLOCK_REALTIME) - BEFORE_MS;
    struct strbuf since = {.at = times[0], .capacity = 40, .max = 39};
    struct strbuf until = {.at = times[1], .capacity = 40, .max = 39};
    if (filter->since_ms > 0)
        timestamp_add_rfc3339(&since, filter->since_ms);
    if (filter->until_ms < INT64_MAX)
        timestamp_add_rfc3339(&until, filter->until_ms);
    add_arguments(plan, filter);
    plan_add(plan, "since", since.len ? strbuf_span(&since) : SPAN_NONE);
    plan_add(plan, "until", until.len ? strbuf_span(&until) : SPAN_NONE);
    plan_add(plan, "writes", span_decimal(planned, work->counts.writes));
    plan_add(plan, "first_dispatches", span_decimal(first, work->counts.first));
    int status = plan_begin(plan, work->counts.writes);
    if (status != VERB_OK)
        return status;
    work->executed = true;
    bool good = write_all(work);
    plan_add(plan, "written", span_decimal(written, work->written));
    snprintf(note, sizeof note, "%" PRId64 " of %" PRId64 " letters written again", work->written,
             work->counts.writes);
    status = plan_end(plan, good ? "done" : "failed", note);
    if (good && wait_for_effect(work, from_ms))
        return work->seen == work->counts.writes ? status : VERB_UNAVAILABLE;
    return error_exit_status(&work->error);
}

static int carry_out(struct work *work, FILE *out)
{
    bool executes = work->plan->execute && work->counts.writes > 0;
    if (!work->redrive->json)
        show_plan(work, out);
    fflush(out); /* before the bar */
    int status = executes ? execute(work) : VERB_OK;
    if (work->redrive->json)
        show_json(work, out);
    if (work->executed)
        fprintf(stderr, "citybrain dead: %" PRId64 " of %" PRId64 " are on events%s\n", work->seen,
                work->counts.writes,
                work->seen == work->counts.writes
                    ? ""
                    : "; the rest is under way (citybrain lag), or ingest runs other mappings and "
                      "they are letters again: citybrain dead group --since 10m");
    else if (work->counts.writes > 0 && !executes)
        fprintf(stderr,
                "nothing was written; --execute --as NAME --reason TEXT does it. It is ingest that "
                "takes them, by the configuration it was started with: start it anew where %s was "
                "mended since\n",
                work->folder);
    return status;
}

int dead_redrive_run(const struct dead_redrive *redrive, struct plan *plan, FILE *out)
{
    struct work work = {.redrive = redrive, .plan = plan};
    int status;
    if (!realpath(redrive->bundle->folder, work.folder))
        snprintf(work.folder, sizeof work.folder, "%s", redrive->bundle->folder);
    dead_try_init(&work.trial, redrive->bundle, redrive->settings, redrive->now_ms);
    dead_plan_init(&work.letters);
    strbuf_init(&work.text, 4096, (size_t)1 << 30);
    if (make_plan(&work))
        status = carry_out(&work, out);
    else
        status = error_exit_status(&work.error);
    if (work.error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain dead: %s%s\n", work.error.text, verb_broker_fix(&work.error));
    strbuf_fini(&work.text);
    dead_plan_fini(&work.letters);
    dead_try_fini(&work.trial);
    return status;
}
