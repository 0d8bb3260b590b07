/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a replay is a hash of what was asked for, so the same words after a kill are the same
 * replay: its positions lie beside its copies, and what was written is not written again. The range
 * is read twice, for the plan and for the copies, and the state before each: the answers are those
 * of that moment, and none hangs on memory that a kill takes away. */
#include "citybrain/replay_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "citybrain/verb.h"
#include "kafka/lag.h"
#include "kafka/log_copy.h"
#include "kafka/log_search.h"
#include "kafka/restore.h"

#define NAME_DIGITS 12

struct pass { /* once through the range */
    struct replay_run *run;
    struct log_copy *copy;
    struct replay_trial *trial;
    struct replay_report report;
    struct progress progress; /* of a plan; what is executed has its own */
    bool executes;
    int64_t before, written; /* offsets done before it; copies */
    char note[64];
};

/* ---- what was asked for ---- */

static void add_range(const struct replay_run *run, struct strbuf *out)
{
    const struct replay_wish *wish = &run->wish;
    strbuf_addf(out, "%s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%d|%d", wish->feed ? wish->feed : "*",
                wish->mapping, wish->from_ms, wish->to_ms, wish->missing, wish->all);
    for (size_t i = 0; i < run->offsets.count; i++)
        strbuf_addf(out, "|%d:%" PRId64 "-%" PRId64, (int)run->offsets.ranges[i].partition,
                    run->offsets.ranges[i].from, run->offsets.ranges[i].to);
}

/* "The newest" is another version tomorrow. */
static void add_newest(const struct replay_wish *wish, const struct feeds *feeds,
                       struct strbuf *out)
{
    const struct feed *feed;
    for (size_t i = 0; !wish->mapping && (feed = feeds_at(feeds, i)); i++)
        if (feed->version_count && (!wish->feed || strcmp(wish->feed, feed->id) == 0))
            strbuf_addf(out, "|%s=%" PRId64, feed->id,
                        (int64_t)feed->versions[feed->version_count - 1].version);
}

/* Of the words, and of the versions they mean today. */
static void hash_range(const struct replay_run *run, const struct bundle *bundle,
                       char hash[DIGEST_ID_LEN + 1])
{
    struct strbuf text;
    strbuf_init(&text, 256, 1 << 20);
    add_range(run, &text);
    add_newest(&run->wish, bundle->feeds, &text);
    digest_bytes(hash, strbuf_span(&text));
    strbuf_fini(&text);
}

/* The same words over the same versions are the same run, which is gone on with. */
static void make_name(const struct replay_run *run, const struct bundle *bundle, char name[64])
{
    char hash[DIGEST_ID_LEN + 1];
    hash_range(run, bundle, hash);
    snprintf(name, 64, REPLAY_PREFIX "%.*s", NAME_DIGITS, hash);
}

static void add_word(struct strbuf *out, const char *option, int64_t ms)
{
    if (ms == INT64_MIN || ms == INT64_MAX)
        return;
    strbuf_addf(out, " %s ", option);
    timestamp_add_rfc3339(out, ms);
}

/* For the name to keep: the hash tells two of them apart, a person reads the rest. */
static void add_words(const struct replay_run *run, const struct bundle *bundle, struct strbuf *out)
{
    const struct replay_wish *wish = &run->wish;
    char hash[DIGEST_ID_LEN + 1];
    hash_range(run, bundle, hash);
    strbuf_addf(out, "%s", hash);
    if (wish->feed)
        strbuf_addf(out, " --feed %s", wish->feed);
    if (wish->mapping)
        strbuf_addf(out, " --mapping %" PRId64, wish->mapping);
    add_word(out, "--from", wish->from_ms);
    add_word(out, "--to", wish->to_ms);
    strbuf_addf(out, "%s%s%s", wish->missing ? " --dispatch-missing" : "",
                wish->all ? " --all" : "", run->offsets.count ? " --offsets " : "");
    replay_offsets_write(&run->offsets, out);
}

static void add_moment(struct strbuf *out, const char *name, int64_t ms)
{
    if (ms == INT64_MIN || ms == INT64_MAX)
        return;
    strbuf_addf(out, "\"%s\":\"", name);
    timestamp_add_rfc3339(out, ms);
    strbuf_add(out, SPAN("\","));
}

/* ---- once through ---- */

static bool restore(void *context, const struct log_search_record *record)
{
    struct pass *pass = context;
    if (!span_equal(record->key, restore_position_key)) /* the loop's own */
        replay_trial_restore(pass->trial, record->partition, record->key, record->value);
    return true;
}

static bool narrow(const struct replay_run *run, struct log_copy *copy, struct error *error)
{
    size_t count;
    struct log_copy_part *parts = log_copy_parts(copy, &count);
    return replay_offsets_narrow(&run->offsets, parts, count, error);
}

/* What came since it was planned is of another plan. */
static void bound(struct log_copy *copy, struct log_copy *planned)
{
    size_t count, planned_count;
    struct log_copy_part *parts = log_copy_parts(copy, &count);
    const struct log_copy_part *until = log_copy_parts(planned, &planned_count);
    for (size_t p = 0; p < count; p++) {
        int64_t to = p < planned_count ? until[p].to : parts[p].from;
        parts[p].to = to < parts[p].to ? to : parts[p].to;
    }
}

static bool into_raw(struct log_copy *copy, const struct log_copy_asked *asked, struct error *error)
{
    return log_copy_into(copy, "raw", asked, error);
}

/* With the words that the name keeps. */
static bool take_name(const struct pass *pass, const struct bundle *bundle,
                      bool take(struct log_copy *, const struct log_copy_asked *, struct error *),
                      struct error *error)
{
    struct strbuf words;
    strbuf_init(&words, 512, 65536);
    add_words(pass->run, bundle, &words);
    bool good = take(pass->copy, &(struct log_copy_asked){words.at, !pass->run->name}, error);
    strbuf_fini(&words);
    return good;
}

/* What cannot be is refused before anything is read. */
static bool open_pass(struct pass *pass, struct replay_run *run, const struct bundle *bundle,
                      struct error *error)
{
    *pass = (struct pass){.run = run};
    replay_report_init(&pass->report);
    pass->copy = log_copy_open(&run->settings, "raw", error);
    if (!pass->copy || !narrow(run, pass->copy, error) ||
        !take_name(pass, bundle, log_copy_check, error))
        return false;
    pass->trial = replay_trial_new(bundle, &run->wish, &pass->report);
    return log_search_all(&run->settings, "state.cases", restore, pass, error) &&
           replay_trial_restored(pass->trial, error);
}

static void close_pass(struct pass *pass)
{
    log_copy_close(pass->copy);
    if (pass->trial)
        replay_trial_free(pass->trial);
    replay_report_fini(&pass->report);
}

static bool take(void *context, const struct record *record, struct outputs *outputs)
{
    struct pass *pass = context;
    struct replay_copy copy;
    replay_trial_take(pass->trial, record, &copy);
    if (pass->executes)
        plan_step(&pass->run->plan, log_copy_done(pass->copy) - pass->before);
    else
        progress_show(&pass->progress, log_copy_done(pass->copy), "");
    if (!copy.written)
        return true;
    pass->written++;
    outputs_add(outputs, &(struct output){.partition = OUTPUT_BY_KEY,
                                          .key = record->key,
                                          .value = record->value,
                                          .headers = {{SPAN("cb"), copy.header}},
                                          .header_count = 1});
    return true;
}

/* ---- telling ---- */

static void show_plan(const struct replay_run *run, const struct replay_report *report)
{
    struct strbuf members, json;
    strbuf_init(&members, 512, 65536);
    strbuf_init(&json, 65536, 64 << 20);
    strbuf_addf(&members, "\"name\":\"%s\",\"plan\":\"%s\",\"execute\":%s,", run->wish.name,
                run->plan.hash, run->plan.execute ? "true" : "false");
    if (run->wish.feed)
        strbuf_addf(&members, "\"feed\":\"%s\",", run->wish.feed);
    if (run->wish.mapping)
        strbuf_addf(&members, "\"mapping\":%" PRId64 ",", run->wish.mapping);
    add_moment(&members, "from", run->wish.from_ms);
    add_moment(&members, "to", run->wish.to_ms);
    replay_report_write(report, strbuf_span(&members), &json); /* sorts the rows */
    if (run->json) {
        fwrite(json.at, 1, json.len, stdout);
    } else {
        replay_report_show(report, stdout);
        printf("\nname\t%s\nplan\t%s\n", run->wish.name, run->plan.hash);
    }
    fflush(stdout);
    strbuf_fini(&members);
    strbuf_fini(&json);
}

static void warn(const struct replay_run *run, const struct replay_report *report)
{
    int64_t first = report->fates[REPLAY_FIRST];
    if (report->lost)
        fprintf(stderr,
                "replay: %" PRId64 " records that were good are rejected by this version: it does "
                "not cover the range; they stay as they are\n",
                report->lost);
    if (report->left)
        fprintf(stderr,
                "replay: %" PRId64 " events of the old reading have an id that the new one does "
                "not make: they stay in their cases\n",
                report->left);
    if (first && !run->wish.missing)
        fprintf(stderr,
                "replay: %" PRId64 " first dispatches are listed only; --dispatch-missing makes "
                "them\n",
                first);
    if (!run->plan.execute)
        fprintf(stderr, "replay: nothing was written; the same with --execute --as NAME --reason "
                        "WHY does it\n");
}

/* What stands in audit; the texts live as long as the run. */
struct told {
    char mapping[24], from[40], to[40], resumed[64];
    struct strbuf range, counts;
};

static void add_time(struct plan *plan, const char *name, char text[40], int64_t ms)
{
    struct strbuf out = {.at = text, .capacity = 40, .max = 39};
    if (ms == INT64_MIN || ms == INT64_MAX)
        return;
    timestamp_add_rfc3339(&out, ms);
    plan_add(plan, name, strbuf_span(&out));
}

static void say_counts(struct strbuf *counts, const struct replay_report *report)
{
    strbuf_reset(counts);
    for (int i = REPLAY_OUTSIDE + 1; i < REPLAY_FATE_COUNT; i++)
        strbuf_addf(counts, "%s%s %" PRId64, counts->len ? ", " : "",
                    replay_report_word((enum replay_fate)i), report->fates[i]);
}

static void tell(struct replay_run *run, struct told *told)
{
    const struct replay_wish *wish = &run->wish;
    struct plan *plan = &run->plan;
    snprintf(told->mapping, sizeof told->mapping, "newest");
    if (wish->mapping)
        snprintf(told->mapping, sizeof told->mapping, "%" PRId64, wish->mapping);
    replay_offsets_write(&run->offsets, &told->range);
    plan_add(plan, "name", span_of(wish->name));
    plan_add(plan, "feed", span_of(wish->feed ? wish->feed : "*"));
    plan_add(plan, "mapping", span_of(told->mapping));
    add_time(plan, "from", told->from, wish->from_ms);
    add_time(plan, "to", told->to, wish->to_ms);
    plan_add(plan, "offsets", told->range.len ? strbuf_span(&told->range) : SPAN_NONE);
    plan_add(plan, "dispatch_missing", wish->missing ? SPAN("yes") : SPAN("no"));
    plan_add(plan, "counts", strbuf_span(&told->counts));
}

/* ---- doing ---- */

/* What was done under the name before is neither in the counts nor in the copies that follow. */
static void tell_resumed(struct plan *plan, const char *name, struct told *told, int64_t before,
                         int64_t total)
{
    snprintf(told->resumed, sizeof told->resumed, "%" PRId64 " of %" PRId64 " offsets", before,
             total);
    plan_add(plan, "resumed_at", span_of(told->resumed));
    fprintf(stderr, "replay: %s goes on, %" PRId64 " of %" PRId64 " offsets are done\n", name,
            before, total);
}

/* From what the plan says to its end. Once it is begun, its end is audited, whatever it is. */
static int write_copies(struct pass *pass, struct told *told, struct error *error)
{
    struct plan *plan = &pass->run->plan;
    int64_t before = log_copy_done(pass->copy), total = log_copy_total(pass->copy);
    plan->resumed = before > 0;
    if (plan->resumed)
        tell_resumed(plan, pass->run->wish.name, told, before, total);
    int64_t rate = plan->rate;
    int status = plan_begin(plan, total > before ? total - before : 1);
    if (status != VERB_OK)
        return status;
    plan->rate = 0; /* the copy keeps it: it commits before it waits */
    pass->before = before;
    bool good = log_copy_run(pass->copy, take, pass, rate, error);
    snprintf(pass->note, sizeof pass->note, "%" PRId64 " copies written", pass->written);
    say_counts(&told->counts, &pass->report);
    for (size_t i = 0; i < plan->argument_count; i++)
        if (strcmp(plan->arguments[i].name, "counts") == 0)
            plan->arguments[i].value = strbuf_span(&told->counts);
    status = plan_end(plan, good ? "done" : "failed", pass->note);
    return good ? status : error_exit_status(error);
}

/* Under the name as far as it was done by the same words. */
static bool open_copies(struct pass *pass, const struct pass *planned, const struct bundle *bundle,
                        struct error *error)
{
    if (!open_pass(pass, planned->run, bundle, error))
        return false;
    bound(pass->copy, planned->copy);
    return take_name(pass, bundle, into_raw, error);
}

static int execute(struct replay_run *run, const struct bundle *bundle, const struct pass *planned,
                   struct error *error)
{
    struct pass pass;
    struct told told = {0};
    strbuf_init(&told.range, 256, 65536);
    strbuf_init(&told.counts, 1024, 65536);
    say_counts(&told.counts, &planned->report);
    tell(run, &told);
    bool good = open_copies(&pass, planned, bundle, error);
    pass.executes = true;
    int status = good ? write_copies(&pass, &told, error) : error_exit_status(error);
    close_pass(&pass);
    strbuf_fini(&told.range);
    strbuf_fini(&told.counts);
    return status;
}

/* What is not read yet the state does not know. */
static void note_unread(const struct replay_run *run, const char *group, const char *topic)
{
    struct error error = {0};
    struct kafka_settings settings = run->settings;
    size_t count = 0;
    int64_t records = 0;
    settings.group = group;
    struct lag *lag = lag_open(&settings, &error);
    bool good = lag && lag_list(lag, &topic, 1, &error) && lag_ask_committed(lag, &error) &&
                lag_measure(lag, &error);
    const struct lag_row *rows = good ? lag_rows(lag, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        records += rows[i].records;
    if (records > 0)
        fprintf(stderr,
                "replay: the %s has %" PRId64 " records of %s before it: the plan is of what was "
                "known without them\n",
                group, records, topic);
    lag_close(lag);
}

static int plan_and_do(struct replay_run *run, const struct bundle *bundle, struct error *error)
{
    struct pass pass;
    char range[DIGEST_ID_LEN + 1];
    int status = VERB_OK;
    bool good = open_pass(&pass, run, bundle, error);
    if (good) {
        progress_begin(&pass.progress, "plan", log_copy_total(pass.copy));
        good = log_copy_run(pass.copy, take, &pass, 0, error);
    }
    if (good) {
        hash_range(run, bundle, range);
        replay_report_hash(&pass.report, span_of(range), run->plan.hash);
        show_plan(run, &pass.report);
        note_unread(run, "ingest", "raw");
        note_unread(run, "router", "events");
        warn(run, &pass.report);
    }
    if (!good)
        status = error_exit_status(error);
    else if (run->plan.execute)
        status = execute(run, bundle, &pass, error);
    close_pass(&pass);
    return status;
}

static bool find_mapping(const struct replay_run *run, const struct bundle *bundle,
                         struct error *error)
{
    const struct replay_wish *wish = &run->wish;
    const struct feed *feed = wish->feed ? feeds_find(bundle->feeds, span_of(wish->feed)) : NULL;
    if (!wish->feed)
        return true;
    if (!bundle_has_feed(bundle, wish->feed, error))
        return false;
    if (!wish->mapping || feed_mapping(feed, wish->mapping))
        return true;
    return error_set(error, ERROR_CONFIG, 0,
                     "feed %s has no version %" PRId64 " in %s/feeds; fix: give the mended mapping "
                     "a version of its own there",
                     wish->feed, wish->mapping, run->config_dir);
}

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

int replay_run(struct replay_run *run)
{
    char name[64] = "";
    struct bundle bundle;
    struct error error = {0};
    int status = VERB_OK;
    struct diagnostics *diagnostics = diagnostics_new();
    bool loaded = bundle_load(&bundle, run->config_dir, diagnostics);
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    if (loaded && !run->name)
        make_name(run, &bundle, name);
    run->wish.name = run->name ? run->name : name;
    run->settings.group = run->wish.name;
    run->plan.settings = &run->settings;
    if (!loaded)
        status = VERB_CONFIG;
    else if (!find_mapping(run, &bundle, &error))
        status = error_exit_status(&error);
    else
        status = plan_and_do(run, &bundle, &error);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain replay: %s%s\n", error.text, verb_broker_fix(&error));
    bundle_fini(&bundle);
    diagnostics_free(diagnostics);
    return status;
}
