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
#include "aggregator/store/fill.h"
#include "base/backoff.h"
#include "daemon/daemon.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"

#define PATIENCE_S 120 /* without a step that succeeds */

struct wish {
    bool execute, drop, all, json;
    const char *who, *reason, *expected;
    char plan[DIGEST_ID_LEN + 1]; /* of what would be done */
};

struct progress {
    bool drawn; /* on a terminal, one line over and over */
    int64_t shown;
};

/* Takes our own words out; the rest are a daemon's. */
static int take_wish(struct wish *wish, int argc, char **argv)
{
    int kept = 1;
    *wish = (struct wish){0};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--execute") == 0)
            wish->execute = true;
        else if (strcmp(argv[i], "--drop") == 0)
            wish->drop = true;
        else if (strcmp(argv[i], "--all") == 0)
            wish->all = true;
        else if (strcmp(argv[i], "--json") == 0)
            wish->json = true;
        else if (strcmp(argv[i], "--as") == 0 && value)
            wish->who = argv[++i];
        else if (strcmp(argv[i], "--reason") == 0 && value)
            wish->reason = argv[++i];
        else if (strcmp(argv[i], "--plan") == 0 && value)
            wish->expected = argv[++i];
        else
            argv[kept++] = argv[i];
    }
    return kept;
}

static void add_row(struct strbuf *out, const struct wish *wish, const char *view, const char *what)
{
    if (!wish->json)
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
    strbuf_addf(&text, "; %s%s", contributions, wish->all ? "; all" : "");
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
        if (status->plan.state[i] != VIEW_PLAN_SAME || wish->all)
            add_row(&text, wish, views_at(rules->views, i)->name, words[status->plan.state[i]]);
    for (size_t i = 0; i < status->plan.gone_count; i++)
        add_row(&text, wish, status->plan.gone[i], "gone");
    if (wish->json)
        printf("{\"sets\":%lld,\"unfinished\":%s,\"views\":[%.*s],\"plan\":\"%s\"}\n",
               (long long)status->total, status->unfinished ? "true" : "false",
               SPAN_ARG(strbuf_span(&text)), wish->plan);
    else
        printf("%.*s", SPAN_ARG(strbuf_span(&text)));
    strbuf_fini(&text);
    fflush(stdout);
}

static void show_progress(struct progress *progress, const struct fill_status *status, bool ends)
{
    int64_t total = status->total > status->cases ? status->total : status->cases;
    int64_t share = total ? status->cases * 100 / total : 100;
    if (progress->drawn)
        fprintf(stderr,
                "\rviews apply: %lld of about %lld cases, %lld%%, %lld changes behind\033[K%s",
                (long long)status->cases, (long long)total, (long long)share,
                (long long)status->noted, ends ? "\n" : "");
    else if (ends || share / 10 > progress->shown)
        fprintf(stderr, "views apply: %lld of about %lld cases, %lld changes behind\n",
                (long long)status->cases, (long long)total, (long long)status->noted);
    progress->shown = share / 10;
}

/* From where the database says it is to the swap. */
static bool go_on(struct fill *fill, const struct wish *wish, struct progress *progress,
                  time_t *succeeded, struct error *error)
{
    enum fill_result result = FILL_MORE;
    if (!fill_begin(fill, error))
        return false;
    while (result == FILL_MORE) {
        result = fill_step(fill, error);
        if (result == FILL_FAILED)
            return false;
        *succeeded = time(NULL);
        show_progress(progress, fill_look(fill), result == FILL_DONE);
        (void)failpoint("fill.after_step");
    }
    return fill_swap(fill, "views apply", wish->who, wish->reason, error);
}

static bool execute(struct fill *fill, const struct wish *wish, struct error *error)
{
    struct progress progress = {.drawn = isatty(STDERR_FILENO) == 1};
    struct backoff backoff;
    time_t succeeded = time(NULL);
    backoff_init(&backoff, 200, 5000);
    while (!go_on(fill, wish, &progress, &succeeded, error)) {
        do {
            if (error->kind != ERROR_RETRY || time(NULL) - succeeded > PATIENCE_S)
                return false;
            fprintf(stderr, "views apply: %s; going on\n", error->text);
            usleep(backoff_next(&backoff) * 1000);
        } while (!fill_open(fill, true, error));
    }
    return true;
}

static int finish(const struct wish *wish, bool good, const struct fill_status *status,
                  const struct error *error)
{
    if (!good) {
        fprintf(stderr, "views apply: %s\n", error->text);
        return error_exit_status(error);
    }
    if (wish->drop)
        fputs("views apply: what was filled is thrown away; nothing else was touched\n", stderr);
    else if (status->plan.differs == 0 && !wish->all && !status->unfinished)
        fputs("views apply: every view is as its file says\n", stderr);
    else if (!wish->execute)
        fprintf(stderr,
                "views apply: plan %s; nothing was done. --execute --as NAME --reason TEXT fills "
                "these from about %lld sets while the aggregators go on, and swaps%s\n",
                wish->plan, (long long)status->total,
                status->unfinished ? "; goes on with what was begun (--drop throws it away)" : "");
    else
        fputs("views apply: done; running aggregators are fenced and start anew\n", stderr);
    return 0;
}

/* False: the person has to look again. */
static bool may_execute(const struct wish *wish, struct error *error)
{
    if (wish->expected && strcmp(wish->expected, wish->plan) != 0)
        return error_set(error, ERROR_CONFIG, 0,
                         "nothing is done: the plan is now %s and not %s; fix: read it again, then "
                         "name it",
                         wish->plan, wish->expected);
    return true;
}

static int work(struct wish *wish, const struct aggregator_config *config)
{
    struct error error = {0};
    const struct schema_rules schema = {config->sql_dir, &config->rules, config->units};
    struct fill *fill = fill_new(config->postgres, &schema, wish->all);
    const struct fill_status *status = fill_look(fill);
    bool good = fill_open(fill, wish->execute || wish->drop, &error);
    bool any = good && (status->plan.differs > 0 || wish->all || status->unfinished);
    if (good)
        sign_plan(wish, status, &config->rules);
    if (good && wish->drop)
        good = fill_drop(fill, &error);
    else if (good)
        show_plan(wish, status, &config->rules);
    if (good && wish->execute && any && !wish->drop)
        good = may_execute(wish, &error) && execute(fill, wish, &error);
    int exit_status = finish(wish, good, status, &error);
    fill_free(fill);
    return exit_status;
}

static bool is_signed(const struct wish *wish, struct error *error)
{
    bool known = wish->who && wish->who[0] && wish->reason && wish->reason[0];
    return !wish->execute || known ||
           error_set(error, ERROR_CONFIG, EX_USAGE,
                     "citybrain views apply: --execute needs --as NAME and --reason TEXT: they "
                     "stand in core.audit");
}

int apply_views_run(int argc, char **argv)
{
    struct wish wish;
    struct options options;
    struct aggregator_config config;
    struct error error = {0};
    int count = take_wish(&wish, argc, argv);
    if (!is_signed(&wish, &error) ||
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
