/* SPDX-License-Identifier: Apache-2.0 */
/* getopt_long over one small table; the help is the same sentence for the three daemons but for
 * their names. */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void show_help(const char *service, const char *config)
{
    printf(
        "usage: citybrain-%s [--config FILE] [--set section.key=value]... [--slot N]\n\n"
        "  -c, --config FILE      settings (default %s)\n"
        "      --set KEY=VALUE    one setting; wins over environment and file; repeatable\n"
        "      --slot N           this process's place in its group: the same as --set "
        "kafka.slot=N\n"
        "      --check            read everything as at start, say what is wrong, start nothing\n"
        "      --print-config     every setting with its value, origin and meaning\n"
        "      --version, --help\n\n"
        "Environment: CITYBRAIN_BROKERS, CITYBRAIN_PREFIX, CITYBRAIN_PG, CITYBRAIN_LOG_LEVEL.\n"
        "Logs are JSON lines on stderr. SIGTERM drains and ends; a second one ends at once.\n"
        "exit: 0 drained, 69 unavailable, 70 start me again, 78 configuration\n",
        service, config);
}

static bool add_set(struct options *options, const char *word, struct error *error)
{
    if (options->set_count == sizeof options->set / sizeof options->set[0])
        return error_set(error, ERROR_CONFIG, 0,
                         "more than 32 --set words; put them into the file");
    options->set[options->set_count++] = word;
    return true;
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
        char slot[64];
        switch (c) {
        case 'c': options->config_path = optarg; break;
        case 's': good = add_set(options, optarg, error); break;
        case 'n':
            snprintf(slot, sizeof slot, "kafka.slot=%s", optarg);
            good = add_set(options, xstrdup(slot), error);
            break;
        case 'k': options->mode = OPTIONS_CHECK; break;
        case 'p': options->mode = OPTIONS_PRINT; break;
        case 'v':
            printf("citybrain-%s 0.1\n", service);
            options->mode = OPTIONS_DONE;
            return true;
        case 'h':
            show_help(service, default_config);
            options->mode = OPTIONS_DONE;
            return true;
        default:
            return error_set(error, ERROR_CONFIG, 0, "unknown option; see citybrain-%s --help",
                             service);
        }
    }
    if (good && optind < argc)
        return error_set(error, ERROR_CONFIG, 0, "\"%s\" is no option; see citybrain-%s --help",
                         argv[optind], service);
    return good;
}
