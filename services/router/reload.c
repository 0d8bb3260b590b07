/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions share one struct case_flow_rules and look into it anew at each record, so exchanging a
 * pointer between two records is a reload of all of them at once. Nothing of a bundle outlives the
 * record it was read for (what a case keeps of it, it keeps as its own text). While a state is
 * being restored the worker reads the rules too: the swap waits. Kinds and codes are not exchanged:
 * what lies in memory and in the database is folded by them. */
#include "router/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/audit.h"

enum { WAIT_MS = 50 };

static const struct metric_row bundle_row = {
    "citybrain_router_bundle_info", METRIC_GAUGE, "bundle",
    "1 for the rule bundle decisions are made by now; 0 for those before it in this process."};
static const struct metric_row loaded_row = {
    "citybrain_router_reloads_total", METRIC_COUNTER, NULL,
    "Bundles taken on SIGHUP, the same one again among them."};
static const struct metric_row refused_row = {"citybrain_router_reload_failures_total",
                                              METRIC_COUNTER, NULL,
                                              "Bundles refused on SIGHUP. The one before goes on "
                                              "deciding; the log's router.reload_refused has "
                                              "every finding, `citybrain check` the same."};
static const struct metric_row stale_row = {
    "citybrain_router_bundle_stale", METRIC_GAUGE, NULL,
    "1 while the newest bundle that was asked for is not the one in force: it was refused. Repair "
    "it (citybrain check) and send SIGHUP again."};

static void show_bundle(struct reload *reload, int in_force)
{
    metric_set(reload->bundle, span_of(reload->flow->bundle->hash), in_force);
}

/* ---- the worker ---- */

/* By what they say: how a stage is called decides nothing. */
static void check_kinds(const struct reload *reload, struct diagnostics *found)
{
    char path[512];
    const char *folder = reload->config->config_dir;
    snprintf(path, sizeof path, "%s/codes.csv", folder);
    struct codes *codes = codes_load(path, found);
    snprintf(path, sizeof path, "%s/kinds", folder);
    struct kinds *kinds = codes ? kinds_load(path, codes, found) : NULL;
    if (kinds && !span_equal(kinds_hash(kinds), kinds_hash(reload->config->kinds)))
        diagnostics_add(found, (struct place){path, 0, 0}, "restart router and aggregator",
                        "kinds change only by a restart: cases in memory and in the database are "
                        "folded by the old ones");
    if (kinds)
        kinds_free(kinds);
    if (codes)
        codes_free(codes);
}

/* Before it is done, so that nothing is done that is not there. */
static void audit(const struct reload *reload, struct diagnostics *found)
{
    char who[32];
    struct error error = {0};
    snprintf(who, sizeof who, "router-%lld", (long long)reload->config->kafka.slot);
    const struct audit_argument arguments[] = {{"config_dir", span_of(reload->config->config_dir)},
                                               {"before", span_of(reload->flow->bundle->hash)},
                                               {"bundle", span_of(reload->next->hash)}};
    struct audit_entry entry = {.who = span_of(who),
                                .reason = SPAN("SIGHUP"),
                                .verb = "reload",
                                .outcome = SPAN("intended"),
                                .arguments = arguments,
                                .argument_count = ARRAY_LENGTH(arguments)};
    if (!audit_write(&reload->config->kafka, &entry, &error))
        diagnostics_add(found, (struct place){"audit", 0, 0}, "see that the topic takes records",
                        "no record of this reload could be written: %s", error.text);
}

static void read_bundle(uv_work_t *work)
{
    struct reload *reload = work->data;
    check_kinds(reload, reload->found);
    rule_bundle_load(reload->next, reload->config->config_dir, reload->config->kinds,
                     reload->found);
    if (diagnostics_errors(reload->found) == 0)
        audit(reload, reload->found);
    reload->good = diagnostics_errors(reload->found) == 0;
}

/* ---- the loop ---- */

static void begin(struct reload *reload);

static void finish(struct reload *reload)
{
    diagnostics_free(reload->found);
    reload->found = NULL;
    reload->next = NULL;
    if (!reload->again) {
        daemon_reloaded(reload->daemon);
        return;
    }
    reload->again = false;
    begin(reload);
}

static void show_finding(void *context, const char *line)
{
    const struct reload *reload = context;
    log_error("router.reload_finding", LOG_STR("finding", line),
              LOG_STR("kept", reload->flow->bundle->hash));
}

static void refuse(struct reload *reload)
{
    log_error("router.reload_refused", LOG_INT("errors", diagnostics_errors(reload->found)),
              LOG_STR("kept", reload->flow->bundle->hash), LOG_STR("fix", "citybrain check"));
    diagnostics_each(reload->found, show_finding, reload);
    metric_add(reload->refused, SPAN(""), 1);
    metric_set(reload->stale, SPAN(""), 1);
    rule_bundle_fini(reload->next);
    free(reload->next);
    finish(reload);
}

static void swap(struct reload *reload)
{
    struct rule_bundle *old = reload->own;
    log_audit("router.reloaded", LOG_STR("bundle", reload->next->hash),
              LOG_STR("before", reload->flow->bundle->hash),
              LOG_INT("slot", reload->config->kafka.slot));
    show_bundle(reload, 0);
    reload->own = reload->next;
    reload->flow->bundle = reload->own;
    reload->exchanged(reload->context);
    show_bundle(reload, 1);
    metric_add(reload->loaded, SPAN(""), 1);
    metric_set(reload->stale, SPAN(""), 0);
    if (old) {
        rule_bundle_fini(old);
        free(old);
    }
    finish(reload);
}

static void on_wait(uv_timer_t *timer)
{
    struct reload *reload = timer->data;
    if (transform_is_restoring(reload->transform))
        uv_timer_start(timer, on_wait, WAIT_MS, 0);
    else
        swap(reload);
}

static void was_read(uv_work_t *work, int status)
{
    struct reload *reload = work->data;
    (void)status;
    if (reload->good)
        on_wait(&reload->wait);
    else
        refuse(reload);
}

static void begin(struct reload *reload)
{
    reload->next = xcalloc(1, sizeof *reload->next);
    reload->found = diagnostics_new();
    uv_queue_work(reload->wait.loop, &reload->work, read_bundle, was_read);
}

static void on_reload(void *context)
{
    struct reload *reload = context;
    if (reload->next)
        reload->again = true;
    else
        begin(reload);
}

void reload_open(struct reload *reload, struct daemon *daemon, struct transform *transform,
                 const struct router_config *config, struct case_flow_rules *flow,
                 void (*exchanged)(void *context), void *context)
{
    *reload = (struct reload){.daemon = daemon,
                              .config = config,
                              .transform = transform,
                              .flow = flow,
                              .exchanged = exchanged,
                              .context = context};
    reload->bundle = metrics_add(daemon_metrics(daemon), &bundle_row);
    reload->loaded = metrics_add(daemon_metrics(daemon), &loaded_row);
    reload->refused = metrics_add(daemon_metrics(daemon), &refused_row);
    reload->stale = metrics_add(daemon_metrics(daemon), &stale_row);
    metric_add(reload->loaded, SPAN(""), 0); /* shown before there is anything to count */
    metric_add(reload->refused, SPAN(""), 0);
    metric_set(reload->stale, SPAN(""), 0);
    show_bundle(reload, 1);
    reload->work.data = reload;
    uv_timer_init(daemon_loop(daemon), &reload->wait);
    reload->wait.data = reload;
    daemon_on_reload(daemon, on_reload, reload);
}
