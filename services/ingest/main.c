/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain-ingest: options, configuration, daemon, ingest; crash-only, so the end is an _exit
 * after the last answer and the last commit. */
#include <stdio.h>
#include <unistd.h>

#include "daemon/disk_watch.h"
#include "daemon/log.h"
#include "ingest/feed_stdin.h"
#include "ingest/ingest.h"

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct ingest_config config;
    struct error error = {0};

    if (feed_stdin_is_asked(argc, argv))
        return feed_stdin_run(argc, argv);
    if (!options_read(&options, argc, argv, "ingest", "config/ingest.yaml", &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_DONE)
        return 0;
    if (!ingest_config_load(&config, &options, &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_PRINT)
        settings_print(config.settings, show_line, stdout);
    if (options.mode != OPTIONS_RUN) {
        ingest_config_fini(&config);
        return 0;
    }

    log_open("ingest", (enum log_level)config.daemon.log_level);
    struct daemon_options daemon_options = {.service = "ingest",
                                            .admin_listen = config.daemon.admin,
                                            .drain_deadline_ms = config.daemon.drain_deadline_ms};
    struct ingest *ingest = ingest_new(&config);
    daemon_options.admin_routes = ingest_admin_routes(ingest, &daemon_options.admin_route_count);
    struct daemon *daemon = daemon_new(&daemon_options, &error);
    if (!daemon || !ingest_open(ingest, daemon, &error))
        return daemon_refuse(&error);
    disk_watch_open(daemon, config.daemon.disks);

    _exit(daemon_run(daemon, ingest_drain, ingest));
}
