/* SPDX-License-Identifier: Apache-2.0 */
/* The same fill as `views apply`, of every view, by the files that are in force: so what differs
 * was wrong. With --from-log the stored sets are made anew first. Whatever the world does
 * meanwhile, it goes on from where the database says it is. */
#include "aggregator/rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "aggregator/aggregator_config.h"
#include "aggregator/fill_progress.h"
#include "aggregator/fill_words.h"
#include "aggregator/from_log.h"
#include "aggregator/store/fill.h"
#include "base/backoff.h"
#include "daemon/daemon.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"

#define PATIENCE_MS 120000 /* without a step that succeeds */

struct rebuild {
    struct fill_words words;
    const struct batch_rules *rules;
    struct fill *fill;
    char plan[DIGEST_ID_LEN + 1]; /* of what would be swapped in */
    struct fill_compare compare;
    struct log_sets_differences sets; /* from the log */
    struct fill_progress progress;
    int64_t began_ms, succeeded_ms, filled_ms, swapped_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- telling ---- */

static int64_t sets_differing(const struct rebuild *rebuild)
{
    return rebuild->sets.other + rebuild->sets.missing + rebuild->sets.unknown;
}

static void show_sets(const struct rebuild *rebuild)
{
    const struct log_sets_differences *sets = &rebuild->sets;
    if (rebuild->words.json)
        printf("{\"table\":\"case_set\",\"cells\":%" PRId64 ",\"differing\":%" PRId64
               ",\"other\":%" PRId64 ",\"missing\":%" PRId64 ",\"unknown\":%" PRId64 "}%s",
               sets->cases, sets_differing(rebuild), sets->other, sets->missing, sets->unknown,
               rebuild->compare.count ? "," : "");
    else
        printf("case_set\t%" PRId64 "\t%" PRId64 "\n", sets->cases, sets_differing(rebuild));
}

static void show(const struct rebuild *rebuild, bool swapped)
{
    const struct fill_status *status = fill_look(rebuild->fill);
    const struct fill_compare *compare = &rebuild->compare;
    if (!rebuild->words.json)
        printf("table\tcells\tdiffering\n");
    else
        printf("{\"sets\":%" PRId64 ",\"followed\":%" PRId64
               ",\"seconds\":%.3f,\"sets_per_second\":%.0f,\"swap_seconds\":%.3f,"
               "\"differing\":%" PRId64 ",\"plan\":\"%s\",\"swapped\":%s,\"tables\":[",
               status->cases, status->noted, (double)rebuild->filled_ms / 1000,
               fill_progress_rate(&rebuild->progress, status, rebuild->filled_ms),
               (double)rebuild->swapped_ms / 1000,
               fill_compare_differing(compare) + sets_differing(rebuild), rebuild->plan,
               swapped ? "true" : "false");
    if (rebuild->words.from_log)
        show_sets(rebuild);
    for (size_t i = 0; i < compare->count; i++) {
        const struct fill_table *table = &compare->tables[i];
        if (!rebuild->words.json)
            printf("%s\t%" PRId64 "\t%" PRId64 "\n", table->name, table->cells, table->differing);
        else
            printf("%s{\"table\":\"%s\",\"cells\":%" PRId64 ",\"differing\":%" PRId64 "}",
                   i ? "," : "", table->name, table->cells, table->differing);
    }
    if (rebuild->words.json)
        printf("]}\n");
    fflush(stdout);
}

/* ---- doing ---- */

static bool fill_all(struct rebuild *rebuild, struct error *error)
{
    enum fill_result result = FILL_MORE;
    if (!fill_begin(rebuild->fill, error))
        return false;
    while (result == FILL_MORE) {
        result = fill_step(rebuild->fill, error);
        if (result == FILL_FAILED)
            return false;
        rebuild->succeeded_ms = now_ms();
        fill_progress_show(&rebuild->progress, fill_look(rebuild->fill), result == FILL_DONE);
        (void)failpoint("fill.after_step");
    }
    return true;
}

/* Files that changed are another thing than cells that are wrong. */
static bool may_begin(const struct rebuild *rebuild, struct error *error)
{
    const struct fill_status *status = fill_look(rebuild->fill);
    if (status->migrations > 0 && !rebuild->words.execute)
        return error_set(
            error, ERROR_REFUSED, 0,
            "the database is of an older program, %d migrations behind, and nothing is "
            "changed without --execute; fix: start this program's aggregator first, "
            "docs/runbooks/schema-version.md",
            status->migrations);
    if (status->plan.differs > 0)
        return error_set(error, ERROR_CONFIG, 0,
                         "the files are not those the cells were made by; a rebuild changes no "
                         "rules; fix: citybrain views apply, docs/runbooks/views-changed.md");
    if (status->other || (status->unfinished && !status->all))
        return error_set(error, ERROR_REFUSED, 0,
                         "views are being applied; fix: citybrain views apply --execute finishes "
                         "that, citybrain rebuild --drop throws it away");
    return true;
}

/* Which cells differ, and by which files: not how many there are, for they go on. */
static void sign_plan(struct rebuild *rebuild)
{
    char contributions[DIGEST_ID_LEN + 1];
    struct strbuf text;
    strbuf_init(&text, 1024, 65536);
    schema_contribution_hash(rebuild->rules, contributions);
    strbuf_addf(&text, "rebuild; %s", contributions);
    for (size_t i = 0; i < rebuild->compare.count; i++)
        if (rebuild->compare.tables[i].differing)
            strbuf_addf(&text, "; %s %" PRId64, rebuild->compare.tables[i].name,
                        rebuild->compare.tables[i].differing);
    digest_bytes(rebuild->plan, strbuf_span(&text));
    strbuf_fini(&text);
}

static bool go(struct rebuild *rebuild, struct error *error)
{
    if (fill_look(rebuild->fill)->swapped)
        return true;
    if (!may_begin(rebuild, error) || !fill_all(rebuild, error))
        return false;
    rebuild->filled_ms = now_ms() - rebuild->began_ms;
    if (!fill_differs(rebuild->fill, &rebuild->compare, error))
        return false;
    sign_plan(rebuild);
    if (!rebuild->words.execute)
        return true;
    if (!fill_words_mean(&rebuild->words, rebuild->plan, error))
        return false;
    int64_t began_ms = now_ms();
    bool good =
        fill_swap(rebuild->fill, "rebuild", rebuild->words.who, rebuild->words.reason, error);
    rebuild->swapped_ms = now_ms() - began_ms;
    return good;
}

static bool go_on(struct rebuild *rebuild, const char *postgres, struct error *error)
{
    struct backoff backoff;
    backoff_init(&backoff, 200, 5000);
    rebuild->began_ms = rebuild->succeeded_ms = now_ms();
    fill_progress_begin(&rebuild->progress, "rebuild", fill_look(rebuild->fill));
    while (!go(rebuild, error)) {
        do {
            if (error->kind != ERROR_RETRY || now_ms() > rebuild->succeeded_ms + PATIENCE_MS)
                return false;
            fprintf(stderr, "rebuild: %s; going on\n", error->text);
            fill_words_holders(error, postgres);
            usleep(backoff_next(&backoff) * 1000);
            *error = (struct error){0};
        } while (!fill_open(rebuild->fill, rebuild->words.execute, error));
    }
    return true;
}

/* What was made of the log lies aside no more. */
static bool drop_sets(const struct aggregator_config *config, struct error *error)
{
    struct from_log *from = from_log_new(config);
    bool good = from_log_drop(from, error);
    from_log_free(from);
    return good;
}

static int work(struct rebuild *rebuild, const struct aggregator_config *config,
                struct error *error)
{
    if (!fill_open(rebuild->fill, rebuild->words.execute, error))
        return error_exit_status(error);
    if (rebuild->words.drop) {
        bool good = fill_drop(rebuild->fill, error);
        fill_close(rebuild->fill);
        if (!good || !drop_sets(config, error))
            return error_exit_status(error);
        fputs("rebuild: nothing lies aside any more\n", stderr);
        return EX_OK;
    }
    if (fill_look(rebuild->fill)->unfinished)
        fprintf(stderr, "rebuild: goes on, %" PRId64 " sets are done\n",
                fill_look(rebuild->fill)->cases);
    if (!go_on(rebuild, config->postgres, error))
        return error_exit_status(error);
    show(rebuild, rebuild->words.execute);
    int64_t differing = fill_compare_differing(&rebuild->compare);
    if (rebuild->words.execute)
        fprintf(stderr,
                "rebuild: %" PRId64 " cells were wrong; swapped in %.1f s, aggregators take over "
                "anew and go on\n",
                differing, (double)rebuild->swapped_ms / 1000);
    else
        fprintf(stderr,
                "rebuild: %" PRId64
                " cells differ, plan %s; the new ones lie aside until --execute "
                "--as NAME --reason TEXT, or --drop\n",
                differing, rebuild->plan);
    return differing && !rebuild->words.execute ? 1 : EX_OK;
}

static bool make_sets(struct rebuild *rebuild, const struct aggregator_config *config,
                      struct error *error)
{
    struct from_log *from = from_log_new(config);
    bool good = from_log_run(from, rebuild->words.execute ? rebuild->words.who : NULL,
                             rebuild->words.reason, error);
    const struct log_sets_differences *sets = from_log_differences(from);
    rebuild->sets = *sets;
    if (good && sets->cases > 0)
        fprintf(stderr,
                "rebuild: %" PRId64 " cases of the log; of the stored sets %" PRId64
                " are others, %" PRId64 " are missing, %" PRId64 " the log does not know %s\n",
                sets->cases, sets->other, sets->missing, sets->unknown, sets->some);
    from_log_free(from);
    return good;
}

/* The files are looked at before anything, the sets come before their cells. What only reads ends
 * where sets differ: cells of the stored ones say nothing of the log. */
static int work_from_log(struct rebuild *rebuild, const struct aggregator_config *config,
                         struct error *error)
{
    bool good =
        fill_open(rebuild->fill, rebuild->words.execute, error) && may_begin(rebuild, error);
    fill_close(rebuild->fill);
    if (!good || !make_sets(rebuild, config, error))
        return error_exit_status(error);
    if (!rebuild->words.execute && sets_differing(rebuild) > 0) {
        show(rebuild, false);
        fputs("rebuild: --execute --as NAME --reason TEXT puts the sets of the log in place and "
              "makes their cells; until then, or --drop, they lie aside\n",
              stderr);
        return 1;
    }
    int status = work(rebuild, config, error);
    fill_close(rebuild->fill);
    if (status == EX_OK && rebuild->words.execute && !drop_sets(config, error))
        return error_exit_status(error);
    return status;
}

int rebuild_run(int argc, char **argv)
{
    struct options options;
    struct aggregator_config config;
    struct error error = {0};
    struct rebuild rebuild = {0};
    int count = fill_words_take(&rebuild.words, argc, argv);
    if (!fill_words_are_signed(&rebuild.words, "rebuild", &error) ||
        !options_read(&options, count, argv, "aggregator", "config/aggregator.yaml", &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_DONE)
        return EX_OK;
    if (!aggregator_config_load(&config, &options, &error))
        return daemon_refuse(&error);
    log_open("aggregator", LOG_LEVEL_ERROR);
    const struct schema_rules schema = {config.sql_dir, &config.rules, config.units};
    rebuild.rules = &config.rules;
    rebuild.fill = fill_new(config.postgres, &schema, true);
    int status = rebuild.words.from_log ? work_from_log(&rebuild, &config, &error)
                                        : work(&rebuild, &config, &error);
    if (error.kind != ERROR_NONE)
        fill_words_fail("rebuild", &error, config.postgres);
    fill_free(rebuild.fill);
    aggregator_config_fini(&config);
    return status;
}
