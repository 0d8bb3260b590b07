/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain-aggregator: options, configuration, daemon, API, aggregator; crash-only, so the end is
 * an _exit after the last commit. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/aggregator.h"
#include "aggregator/api_http.h"
#include "aggregator/apply_views.h"
#include "aggregator/ledger_watch.h"
#include "aggregator/rebuild.h"
#include "aggregator/retention_watch.h"
#include "aggregator/stand_watch.h"
#include "aggregator/stations_watch.h"
#include "aggregator/verify_watch.h"
#include "daemon/disk_watch.h"
#include "daemon/log.h"

#define LARGE_BUFFER (256 << 10)

/* A batch's buffers grow to megabytes: what they outgrow goes back to the system, and is not left
 * in the heap between what stays. Behind daemon_new, whose border is for who packs batches. */
static void map_large_buffers(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, LARGE_BUFFER);
#endif
}

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct aggregator_config config;
    struct error error = {0};

    if (argc > 1 && strcmp(argv[1], "apply-views") == 0)
        return apply_views_run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "rebuild") == 0)
        return rebuild_run(argc - 1, argv + 1);
    if (!options_read(&options, argc, argv, "aggregator", "config/aggregator.yaml", &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_DONE)
        return 0;
    if (!aggregator_config_load(&config, &options, &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_PRINT)
        settings_print(config.settings, show_line, stdout);
    if (options.mode != OPTIONS_RUN) {
        aggregator_config_fini(&config);
        return 0;
    }

    log_open("aggregator", (enum log_level)config.daemon.log_level);
    struct daemon *daemon =
        daemon_new(&(struct daemon_options){.service = "aggregator",
                                            .admin_listen = config.daemon.admin,
                                            .drain_deadline_ms = config.daemon.drain_deadline_ms},
                   &error);
    if (!daemon || !api_http_open(daemon, &config, &error))
        return daemon_refuse(&error);
    map_large_buffers();
    ledger_watch_open(daemon, &config);
    retention_watch_open(daemon, &config);
    stand_watch_open(daemon, &config);
    stations_watch_open(daemon, &config);
    verify_watch_open(daemon, &config);
    disk_watch_open(daemon, config.daemon.disks);
    struct aggregator *aggregator = aggregator_open(daemon, &config, &error);
    if (!aggregator)
        return daemon_refuse(&error);

    /* The last batch is committed, and PostgreSQL and the brokers cope with a sudden end. */
    _exit(daemon_run(daemon, aggregator_drain, aggregator));
}
