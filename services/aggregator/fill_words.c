/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/fill_words.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "postgres/connection.h"
#include "postgres/lock_holders.h"

int fill_words_take(struct fill_words *words, int argc, char **argv)
{
    int kept = 1;
    const struct {
        const char *name;
        bool *said;
        const char **value;
    } table[] = {{"--execute", &words->execute, NULL}, {"--drop", &words->drop, NULL},
                 {"--all", &words->all, NULL},         {"--json", &words->json, NULL},
                 {"--as", NULL, &words->who},          {"--reason", NULL, &words->reason},
                 {"--plan", NULL, &words->plan},       {"--from-log", &words->from_log, NULL}};
    *words = (struct fill_words){0};
    for (int i = 1; i < argc; i++) {
        size_t at = 0;
        while (at < ARRAY_LENGTH(table) && strcmp(argv[i], table[at].name) != 0)
            at++;
        if (at == ARRAY_LENGTH(table) || (table[at].value && i + 1 == argc))
            argv[kept++] = argv[i];
        else if (table[at].value)
            *table[at].value = argv[++i];
        else
            *table[at].said = true;
    }
    return kept;
}

bool fill_words_are_signed(const struct fill_words *words, const char *verb, struct error *error)
{
    bool known = words->who && words->who[0] && words->reason && words->reason[0];
    return !words->execute || known ||
           error_set(error, ERROR_CONFIG, EX_USAGE,
                     "citybrain %s: --execute needs --as NAME and --reason TEXT: they stand in "
                     "core.audit",
                     verb);
}

bool fill_words_mean(const struct fill_words *words, const char *plan, struct error *error)
{
    if (!words->plan || strcmp(words->plan, plan) == 0)
        return true;
    return error_set(error, ERROR_CONFIG, 0,
                     "nothing is done: the plan is now %s and not %s; fix: read it again, then "
                     "name it",
                     plan, words->plan);
}

void fill_words_holders(const struct error *error, const char *conninfo)
{
    struct strbuf text;
    if (!lock_holders_is(error))
        return;
    strbuf_init(&text, 512, 65536);
    lock_holders_add(&text, conninfo, true);
    fputs(text.at, stderr);
    strbuf_fini(&text);
}

/* Of nobody who answered; what librdkafka found out without a broker has a number below zero. */
static void say_fix(const struct error *error)
{
    const char *fix = postgres_connection_fix(error);
    if (*fix)
        fprintf(stderr, "%s$CITYBRAIN_PG", fix);
    else if (error->kind == ERROR_RETRY && error->code < 0)
        fputs("; fix: start the brokers, or name them by $CITYBRAIN_BROKERS", stderr);
}

void fill_words_fail(const char *verb, const struct error *error, const char *conninfo)
{
    fprintf(stderr, "%s: %s", verb, error->text);
    say_fix(error);
    fputc('\n', stderr);
    fill_words_holders(error, conninfo);
}
