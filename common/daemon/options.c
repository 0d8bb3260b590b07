/* SPDX-License-Identifier: Apache-2.0 */
/* getopt_long over one small table. The help teaches the same words for the three daemons; what one
 * of them is for is a row of its own. A wrong command line is ERROR_CONFIG with the code EX_USAGE,
 * which daemon_refuse() turns into 64. */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/base.h"
#include "base/span.h"
#include "daemon/version.h"

static const struct {
    const char *service, *text;
} purposes[] = {
    {"ingest",
     "Takes what stations and units send (HTTP, Kafka), keeps the bytes in `raw`, and turns "
     "them\ninto canonical events. A sender's 2xx means the brokers have it.\nWithout a broker, "
     "what would become of a file: citybrain-ingest --stdin --help."},
    {"router", "Reads `events`, decides which unit leads each case and until when, and writes work "
               "orders\nto `dispatch.<unit>`. Timers move on ticks only."},
    {"aggregator", "Reads `events`, folds cases in PostgreSQL, keeps the views (closure rate, "
                   "response time) exact,\nand serves them read-only over HTTP."},
};

static void show_help(const char *service, const char *config)
{
    const char *purpose = "";
    for (size_t i = 0; i < ARRAY_LENGTH(purposes); i++)
        if (strcmp(purposes[i].service, service) == 0)
            purpose = purposes[i].text;
    printf(
        "usage: citybrain-%s [--config FILE] [--set section.key=value]... [--slot N]\n\n%s\n\n"
        "  -c, --config FILE      settings (default %s)\n"
        "      --set KEY=VALUE    one setting; wins over environment and file; repeatable\n"
        "      --slot N           this process's place in its group: as --set kafka.slot=N\n"
        "      --check            read everything as at start, say what is wrong, start nothing\n"
        "      --print-config     every setting with its value, origin and meaning\n"
        "      --version\n"
        "  -h, --help\n\n",
        service, purpose, config);
    printf(
        "Environment: CITYBRAIN_BROKERS, CITYBRAIN_PREFIX, CITYBRAIN_PG, CITYBRAIN_LOG_LEVEL;\n"
        "  --print-config says which setting each one overrides. NOTIFY_SOCKET and WATCHDOG_USEC\n"
        "  as systemd sets them.\n"
        "Signals: SIGTERM or SIGINT drains and ends, a second one ends at once; SIGHUP reloads\n"
        "  where there is something to reload.\n"
        "Logs are JSON lines on stderr; /livez, /readyz and /metrics answer at daemon.admin.\n"
        "Exit: 0 drained, 64 wrong command line, 69 unavailable, 70 start me again,\n"
        "  78 configuration (file:line:col on stderr), 128+n ended by a second signal n.\n\n"
        "Example, a second process of the group on the same machine:\n"
        "  citybrain-%s -c %s --slot 1 --set daemon.admin=127.0.0.1:0\n",
        service, config);
}

static bool add_set(struct options *options, const char *word, struct error *error)
{
    const char *equals = strchr(word, '='), *dot = strchr(word, '.');
    if (!equals || !dot || dot > equals || dot == word || equals == dot + 1)
        return error_set(error, ERROR_CONFIG, EX_USAGE, "--set %s: write section.key=value", word);
    if (options->set_count == ARRAY_LENGTH(options->set))
        return error_set(error, ERROR_CONFIG, EX_USAGE,
                         "more than %zu --set words; put them into the file",
                         ARRAY_LENGTH(options->set));
    options->set[options->set_count++] = word;
    return true;
}

static bool add_slot(struct options *options, const char *word, struct error *error)
{
    int64_t slot;
    if (!span_to_int64(span_of(word), &slot) || slot < 0 || slot > 9999)
        return error_set(error, ERROR_CONFIG, EX_USAGE, "--slot %s: a number from 0 to 9999", word);
    snprintf(options->slot, sizeof options->slot, "kafka.slot=%d", (int)slot);
    return add_set(options, options->slot, error);
}

bool options_read(struct options *options, int argc, char **argv, const char *service,
                  const char *default_config, struct error *error)
{
    static const struct option names[] = {{"config", 1, 0, 'c'},       {"set", 1, 0, 's'},
                                          {"slot", 1, 0, 'n'},         {"check", 0, 0, 'k'},
                                          {"print-config", 0, 0, 'p'}, {"version", 0, 0, 'v'},
                                          {"help", 0, 0, 'h'},         {0, 0, 0, 0}};
    *options = (struct options){.mode = OPTIONS_RUN, .config_path = default_config};
    bool good = true;
    optind = 1;
    for (int c; good && (c = getopt_long(argc, argv, "c:h", names, NULL)) != -1;) {
        switch (c) {
        case 'c': options->config_path = optarg; break;
        case 's': good = add_set(options, optarg, error); break;
        case 'n': good = add_slot(options, optarg, error); break;
        case 'k': options->mode = OPTIONS_CHECK; break;
        case 'p': options->mode = OPTIONS_PRINT; break;
        case 'v':
            printf("citybrain-%s " CITYBRAIN_VERSION "\n", service);
            options->mode = OPTIONS_DONE;
            return true;
        case 'h':
            show_help(service, default_config);
            options->mode = OPTIONS_DONE;
            return true;
        default:
            return error_set(error, ERROR_CONFIG, EX_USAGE,
                             "unknown option; see citybrain-%s --help", service);
        }
    }
    if (good && optind < argc)
        return error_set(error, ERROR_CONFIG, EX_USAGE,
                         "\"%s\" is no option; see citybrain-%s --help", argv[optind], service);
    return good;
}
