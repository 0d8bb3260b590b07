/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain-router: options, configuration, daemon, router; crash-only, so the end is an _exit
 * after the last commit. */
#include <stdio.h>
#include <unistd.h>

#include "daemon/disk_watch.h"
#include "daemon/log.h"
#include "router/router.h"

static void show_line(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct router_config config;
    struct error error = {0};

    if (!options_read(&options, argc, argv, "router", "config/router.yaml", &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_DONE)
        return 0;
    if (!router_config_load(&config, &options, &error))
        return daemon_refuse(&error);
    if (options.mode == OPTIONS_PRINT)
        settings_print(config.settings, show_line, stdout);
    if (options.mode != OPTIONS_RUN) {
        router_config_fini(&config);
        return 0;
    }

    log_open("router", (enum log_level)config.daemon.log_level);
    struct daemon *daemon =
        daemon_new(&(struct daemon_options){.service = "router",
                                            .admin_listen = config.daemon.admin,
                                            .drain_deadline_ms = config.daemon.drain_deadline_ms},
                   &error);
    struct router *router = daemon ? router_open(daemon, &config, &error) : NULL;
    if (!router)
        return daemon_refuse(&error);
    disk_watch_open(daemon, config.daemon.disks);

    /* The last transaction is committed and nothing else is ours to clean: brokers fence by slot,
     * not by farewell. */
    _exit(daemon_run(daemon, router_drain, router));
}
