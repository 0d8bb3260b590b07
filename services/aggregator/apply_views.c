/* SPDX-License-Identifier: Apache-2.0 */
/* Plan, or plan and fill. Whatever the world does meanwhile (PostgreSQL restarts, a lock that
 * nobody gives up) the fill goes on from where the database says it is; only who gives an order it
 * cannot carry out is told so. */
#include "aggregator/apply_views.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "aggregator/aggregator_config.h"
#include "aggregator/fill_progress.h"
#include "aggregator/fill_words.h"
#include "aggregator/store/fill.h"
#include "base/backoff.h"
#include "daemon/daemon.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"

#define PATIENCE_S 120 /* without a step that succeeds */

struct wish {
    struct fill_words words;
    char plan[DIGEST_ID_LEN + 1]; /* of what would be done */
};

static void add_row(struct strbuf *out, const struct wish *wish, const char *view, const char *what)
{
    if (!wish->words.json)
        strbuf_addf(out, "%s\t%s\n", view, what);
    else
        strbuf_addf(out, "%s{\"view\":\"%s\",\"what\":\"%s\"}", out->len ? "," : "", view, what);
}

/* Of what it would do: not of how far it came, nor of how it is shown. */
static void sign_plan(struct wish *wish, const struct fill_status *status,
                      const struct batch_rules *rules)
{
    char contributions[DIGEST_ID_LEN + 1];
    struct strbuf text;
    strbuf_init(&text, 1024, 65536);
    view_plan_say(&text, &status->plan, rules->views);
    schema_contribution_hash(rules, contributions);
    strbuf_addf(&text, "; %s%s", contributions, wish->words.all ? "; all" : "");
    digest_bytes(wish->plan, strbuf_span(&text));
    strbuf_fini(&text);
}

static void show_plan(const struct wish *wish, const struct fill_status *status,
                      const struct batch_rules *rules)
{
    static const char *const words[] = {"same", "new", "changed"};
    struct strbuf text;
    strbuf_init(&text, 1024, 65536);
    for (size_t i = 0; i < views_count(rules->views); i++)
        if (status->plan.state[i] != VIEW_PLAN_SAME || wish->words.all)
            add_row(&text, wish, views_at(rules->views, i)->name, words[status->plan.state[i]]);
    for (size_t i = 0; i < status->plan.gone_count; i++)
        add_row(&text, wish, status->plan.gone[i], "gone");
    if (wish->words.json)
        printf("{\"sets\":%lld,\"unfinished\":%s,\"migrations\":%d,\"views\":[%.*s],"
               "\"plan\":\"%s\"}\n",
               (long long)status->total, status->unfinished ? "true" : "false", status->migrations,
               SPAN_ARG(strbuf_span(&text)), wish->plan);
    else
        printf("%.*s", SPAN_ARG(strbuf_span(&text)));
    strbuf_fini(&text);
    fflush(stdout);
}

/* From where the database says it is to the swap. */
static bool go_on(struct fill *fill, const struct wish *wish, struct fill_progress *progress,
                  time_t *succeeded, struct error *error)
{
    enum fill_result result = FILL_MORE;
    if (fill_look(fill)->swapped)
        return true;
    if (!fill_begin(fill, error))
        return false;
    while (result == FILL_MORE) {
        result = fill_step(fill, error);
        if (result == FILL_FAILED)
            return false;
        *succeeded = time(NULL);
        fill_progress_show(progress, fill_look(fill), result == FILL_DONE);
        (void)failpoint("fill.after_step");
    }
    return fill_swap(fill, "views apply", wish->words.who, wish->words.reason, error);
}

static bool execute(struct fill *fill, const struct wish *wish, const char *postgres,
                    struct error *error)
{
    struct fill_progress progress;
    struct backoff backoff;
    time_t succeeded = time(NULL);
    backoff_init(&backoff, 200, 5000);
    fill_progress_begin(&progress, "views apply", fill_look(fill));
    while (!go_on(fill, wish, &progress, &succeeded, error)) {
        do {
            if (error->kind != ERROR_RETRY || time(NULL) - succeeded > PATIENCE_S)
                return false;
            fprintf(stderr, "views apply: %s; going on\n", error->text);
            fill_words_holders(error, postgres);
            usleep(backoff_next(&backoff) * 1000);
        } while (!fill_open(fill, true, error));
    }
    return true;
}

static void say_plan(const struct wish *wish, const struct fill_status *status)
{
    fprintf(stderr,
            "views apply: plan %s; nothing was done. --execute --as NAME --reason TEXT fills "
            "these from about %lld sets while the aggregators go on, and swaps%s\n",
            wish->plan, (long long)status->total,
            status->unfinished ? "; goes on with what was begun (--drop throws it away)" : "");
    if (status->migrations > 0)
        fprintf(stderr,
                "views apply: %d changes of the tables come with it: aggregators of an older "
                "program end as it begins, and nothing is counted until the swap\n",
                status->migrations);
}

static int finish(const struct wish *wish, bool good, const struct fill_status *status,
                  const char *postgres, const struct error *error)
{
    if (!good) {
        fill_words_fail("views apply", error, postgres);
        return error_exit_status(error);
    }
    if (wish->words.drop)
        fputs("views apply: what was filled is thrown away; nothing else was touched\n", stderr);
    else if (status->plan.differs == 0 && !wish->words.all && !status->unfinished &&
             !status->swapped)
        fputs("views apply: every view is as its file says\n", stderr);
    else if (!wish->words.execute)
        say_plan(wish, status);
    else
        fputs("views apply: done; running aggregators are fenced and start anew\n", stderr);
    return 0;
}

static int work(struct wish *wish, const struct aggregator_config *config)
{
    struct error error = {0};
    const struct schema_rules schema = {config->sql_dir, &config->rules, config->units};
    struct fill *fill = fill_new(config->postgres, &schema, wish->words.all);
    const struct fill_status *status = fill_look(fill);
    bool good = fill_open(fill, wish->words.execute, &error);
    bool any = good && (status->plan.differs > 0 || wish->words.all || status->unfinished);
    if (good)
        sign_plan(wish, status, &config->rules);
    if (good && wish->words.drop)
        good = fill_drop(fill, &error);
    else if (good)
        show_plan(wish, status, &config->rules);
    if (good && wish->words.execute && any && !wish->words.drop)
        good = fill_words_mean(&wish->words, wish->plan, &error) &&
               execute(fill, wish, config->postgres, &error);
    int exit_status = finish(wish, good, status, config->postgres, &error);
    fill_free(fill);
    return exit_status;
}

int apply_views_run(int argc, char **argv)
{
    struct wish wish;
    struct options options;
    struct aggregator_config config;
    struct error error = {0};
    int count = fill_words_take(&wish.words, argc, argv);
    if (!fill_words_are_signed(&wish.words, "views apply", &error) ||
        !options_read(&options, count, argv, "aggregator", "config/aggregator.yaml", &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_DONE)
        return EX_OK;
    if (!aggregator_config_load(&config, &options, &error))
        return daemon_refuse(&error);
    log_open("aggregator", LOG_LEVEL_ERROR);
    int status = work(&wish, &config);
    aggregator_config_fini(&config);
    return status;
}
