/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain: the one command. Finds the verb, shows help, and leaves everything else to verb_*.c.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "citybrain/verb.h"
#include "daemon/log.h"
#include "daemon/version.h"

static const struct verb *const verbs[] = {
    &verb_backtest, &verb_check,  &verb_completion, &verb_dead,    &verb_desk,
    &verb_explain,  &verb_gen,    &verb_init,       &verb_key,     &verb_lag,
    &verb_mapping,  &verb_period, &verb_reasons,    &verb_rebuild, &verb_replay,
    &verb_report,   &verb_send,   &verb_stations,   &verb_tap,     &verb_test,
    &verb_topics,   &verb_try,    &verb_verify,     &verb_views,   &verb_why,
};

const struct verb *verb_at(size_t index)
{
    return index < ARRAY_LENGTH(verbs) ? verbs[index] : NULL;
}

const char *verb_config_dir(void)
{
    const char *named = getenv("CITYBRAIN_CONFIG");
    return named && named[0] ? named : "config";
}

int verb_usage(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "citybrain %s: ", name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nsee: citybrain %s --help\n", name);
    va_end(arguments);
    return VERB_USAGE;
}

int verb_bad_option(const char *name, char **argv)
{
    return verb_usage(name, "%s is no option of it, or lacks its value", argv[optind - 1]);
}

const char *verb_broker_fix(const struct error *error)
{
    /* Who answered has a number above zero. */
    bool silent = error->kind == ERROR_RETRY && error->code <= 0 && !strstr(error->text, "fix:");
    return silent ? "; fix: start the brokers, or name them by --brokers" : "";
}

static void show_verbs(FILE *out)
{
    fputs("usage: citybrain VERB [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        fprintf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs(
        "\ncitybrain VERB --help teaches a verb; citybrain --version names the release.\n"
        "Data goes to stdout, all else to stderr.\n"
        "exit: 0 done, 1 something was rejected or differs, 64 usage, 69 unavailable, 70 internal, "
        "78 configuration\n",
        out);
}

/* Behind a word of its verb too, as in `views show --help`; -h may be a value further on. */
static bool asks_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 ||
            (strcmp(argv[i], "-h") == 0 && (i == 2 || (i == 3 && argv[2][0] != '-'))))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    /* Each verb says itself what went wrong; what librdkafka tells the daemons' log is not asked.
     */
    log_open("citybrain", LOG_LEVEL_ERROR);
    opterr = 0; /* verb_bad_option says it */
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        show_verbs(argc < 2 ? stderr : stdout);
        return argc < 2 ? VERB_USAGE : VERB_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        puts("citybrain " CITYBRAIN_VERSION);
        return VERB_OK;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
        if (strcmp(argv[1], verbs[i]->name) != 0)
            continue;
        if (asks_help(argc, argv)) {
            fputs(verbs[i]->help, stdout);
            return VERB_OK;
        }
        return verbs[i]->run(argc - 1, argv + 1);
    }
    fprintf(stderr, "citybrain: no verb \"%s\"\n", argv[1]);
    show_verbs(stderr);
    return VERB_USAGE;
}
