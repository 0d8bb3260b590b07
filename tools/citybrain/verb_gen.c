/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain gen: a district's day as a timeline for `citybrain send --timeline`. The only clock
 * read is that of `--ends now`: everything else is a function of the options and of DIR. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/timestamp.h"
#include "citybrain/verb.h"
#include "gen/day.h"

#define HOUR_MS      INT64_C(3600000)
#define MOST_EVENTS  5000000
#define USUAL_EVENTS 20000
#define MOST_DAYS    92

static const char gen_help[] =
    "usage: citybrain gen [--seed N] [--events N | --rate N] [--ends TIME | --day DATE]\n"
    "                     [--days N] [--out FILE]\n\n"
    "A generated day of the district: residents' orders over its streets with the rhythm of a "
    "day,\n"
    "bursts, residents who ask again about the same thing (four orders in a hundred, marked "
    "再次反映),\n"
    "a station that is not heard, rows sent twice, corrections, rows that are rejected, orders "
    "that\n"
    "name their lead, deadlines that pass, what the units report, and what residents answer when "
    "they\n"
    "are called back (where DIR has feeds/callbacks.yaml). Some orders are disputed, held, merged "
    "or\n"
    "done again, as often as DIR/gen/turns.csv says and with the reasons of DIR/gen/reasons.csv.\n"
    "One line an item, in order of time, for:\n"
    "citybrain send --timeline FILE [--step 10m --clock URL]\n\n"
    "  --seed N       another N, another day (default 1); the same options, the same bytes\n"
    "  --events N     distinct events of orders and units the day brings about: each opening, "
    "each\n"
    "                 status, each call-back, each closing once. Not counted: rows sent twice,\n"
    "                 corrections, rejected items, and what the router says (default 20000)\n"
    "  --rate N       the same by the day of the span\n"
    "  --ends TIME    the 24 hours before it: now, RFC 3339 or ms since 1970; cut down to a whole\n"
    "                 step (default now)\n"
    "  --day DATE     the civil day YYYY-MM-DD; with --days the first one\n"
    "  --days N       a span of N days (1 to 92), drawn as a district lives: types as frequent as\n"
    "                 DIR/gen/mix.csv says, fewer calls on weekends, gaps between stages that are\n"
    "                 log-normal and grow with the time limit, stations that export once a night,\n"
    "                 a street without heating, a rainstorm and its warning, heartbeats of all\n"
    "                 stations but one that falls silent after a third of the span. Implies "
    "--csv.\n"
    "                 Heartbeats and warnings are not among the events\n"
    "  --step DURATION  as given to send: what follows from an item lies in a later step\n"
    "                 (default 10m)\n"
    "  --clock TIME   the district's clock stands there already: of what lies before it the "
    "source\n"
    "                 tells late, in one row an order\n"
    "  --csv          stations whose family is a CSV send GB18030 CSV, some of it damaged;\n"
    "                 without it they send as the others do\n"
    "  --config DIR   whose registries and rules (default $CITYBRAIN_CONFIG or config)\n"
    "  --out FILE     default stdout\n"
    "  --summary FILE what the views will show, as JSON\n\n"
    "exit: 0 written, 64 usage, 69 a file cannot be written, 78 configuration\n";

struct gen {
    struct life_day frame;
    int64_t events, rate; /* 0 = not said */
    const char *config, *out, *summary, *ends, *date;
};

static bool read_time(const char *text, int64_t *ms)
{
    if (strcmp(text, "now") == 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        *ms = (int64_t)now.tv_sec * 1000;
        return true;
    }
    return span_to_int64(span_of(text), ms) || timestamp_parse_rfc3339(span_of(text), ms);
}

static int read_window(struct gen *gen)
{
    struct life_day *frame = &gen->frame;
    int64_t days = frame->span.days ? frame->span.days : 1;
    if (gen->date && gen->ends)
        return verb_usage("gen", "--day or --ends, not both");
    if (gen->date) {
        if (!timestamp_parse(span_of(gen->date), "%Y-%m-%d", LIFE_ZONE_MINUTES, &frame->ends_ms))
            return verb_usage("gen", "--day \"%s\" is not YYYY-MM-DD", gen->date);
        frame->ends_ms += days * 24 * HOUR_MS;
    } else if (!read_time(gen->ends ? gen->ends : "now", &frame->ends_ms)) {
        return verb_usage("gen", "--ends \"%s\" is not now, RFC 3339 or ms since 1970", gen->ends);
    }
    if (frame->ends_ms < (days + 1) * 24 * HOUR_MS)
        return verb_usage("gen", "the day ends before 1970-01-03");
    frame->ends_ms -= frame->ends_ms % frame->step_ms;
    frame->begins_ms = frame->ends_ms - days * 24 * HOUR_MS;
    return VERB_OK;
}

/* How many events: of the span, or by the day. */
static int settle_events(struct gen *gen)
{
    int64_t days = gen->frame.span.days ? gen->frame.span.days : 1;
    if (gen->events && gen->rate)
        return verb_usage("gen", "--events or --rate, not both");
    if (!gen->events)
        gen->events = days * (gen->rate ? gen->rate : USUAL_EVENTS);
    if (gen->events > MOST_EVENTS)
        return verb_usage("gen", "%lld days of %lld events are more than %d", (long long)days,
                          (long long)gen->events / days, MOST_EVENTS);
    return VERB_OK;
}

static int read_count(const char *option, int64_t most, int64_t *count)
{
    if (span_to_int64(span_of(optarg), count) && *count >= 1 && *count <= most)
        return VERB_OK;
    return verb_usage("gen", "--%s \"%s\" is not a number of 1 to %lld", option, optarg,
                      (long long)most);
}

static int read_option(struct gen *gen, int c, char **argv)
{
    int64_t number;
    switch (c) {
    case 's':
        if (!span_to_int64(span_of(optarg), &number) || number < 0)
            return verb_usage("gen", "--seed \"%s\" is not a number from 0", optarg);
        gen->frame.seed = (uint64_t)number;
        return VERB_OK;
    case 'n': return read_count("events", MOST_EVENTS, &gen->events);
    case 'r': return read_count("rate", MOST_EVENTS, &gen->rate);
    case 'y': gen->frame.csv = true; return read_count("days", MOST_DAYS, &gen->frame.span.days);
    case 't':
        if (!timestamp_parse_duration(span_of(optarg), &gen->frame.step_ms) ||
            gen->frame.step_ms < 1000 || gen->frame.step_ms > 6 * HOUR_MS)
            return verb_usage("gen", "--step \"%s\" is not a duration of 1s to 6h", optarg);
        return VERB_OK;
    case 'k':
        if (!read_time(optarg, &gen->frame.clock_ms))
            return verb_usage("gen", "--clock \"%s\" is not RFC 3339 or ms since 1970", optarg);
        return VERB_OK;
    case 'v': gen->frame.csv = true; return VERB_OK;
    case 'e': gen->ends = optarg; return VERB_OK;
    case 'd': gen->date = optarg; return VERB_OK;
    case 'c': gen->config = optarg; return VERB_OK;
    case 'o': gen->out = optarg; return VERB_OK;
    case 'u': gen->summary = optarg; return VERB_OK;
    default: return verb_bad_option("gen", argv);
    }
}

static int refuse(const char *path)
{
    fprintf(stderr, "citybrain gen: %s cannot be written: %m; fix: name a folder you may write\n",
            path);
    return VERB_UNAVAILABLE;
}

static int write_summary(const struct gen *gen, const struct day *day)
{
    const struct day_sums *sums = &day->sums;
    fprintf(stderr,
            "gen: %lld items, %lld of them to be rejected; %lld events: %lld orders, %lld of them "
            "told again, %lld closed, %lld statuses; %lld disputed, %lld held, %lld merged, %lld "
            "reopened; %lld overdue by the end; silent: %.*s\n",
            (long long)sums->items, (long long)sums->rejected, (long long)sums->events,
            (long long)sums->opened, (long long)sums->again, (long long)sums->closed,
            (long long)sums->statuses, (long long)sums->disputed, (long long)sums->held,
            (long long)sums->merged, (long long)sums->reopened, (long long)sums->overdue,
            SPAN_ARG(day->pool->stations[day->frame.silent]));
    if (!gen->summary)
        return VERB_OK;
    FILE *out = fopen(gen->summary, "w");
    if (!out)
        return refuse(gen->summary);
    struct strbuf text;
    strbuf_init(&text, 4096, 1 << 20);
    day_write_sums(day, &text);
    bool good = fwrite(text.at, 1, text.len, out) == text.len;
    strbuf_fini(&text);
    return fclose(out) == 0 && good ? VERB_OK : refuse(gen->summary);
}

static int generate(const struct gen *gen)
{
    struct pool pool;
    struct error error = {0};
    if (!pool_load(&pool, gen->config, &error)) {
        fprintf(stderr, "citybrain gen: %s\n", error.text);
        return VERB_CONFIG;
    }
    int status = VERB_OK;
    struct day *day = day_new(&gen->frame, &pool, gen->events);
    FILE *out = gen->out ? fopen(gen->out, "w") : stdout;
    if (!out || !day_write(day, out))
        status = refuse(gen->out ? gen->out : "stdout");
    if (out && gen->out && fclose(out) != 0)
        status = refuse(gen->out);
    if (status == VERB_OK)
        status = write_summary(gen, day);
    day_free(day);
    pool_fini(&pool);
    return status;
}

static const struct option options[] = {
    {"seed", 1, 0, 's'},   {"events", 1, 0, 'n'}, {"ends", 1, 0, 'e'},
    {"day", 1, 0, 'd'},    {"step", 1, 0, 't'},   {"clock", 1, 0, 'k'},
    {"config", 1, 0, 'c'}, {"out", 1, 0, 'o'},    {"summary", 1, 0, 'u'},
    {"csv", 0, 0, 'v'},    {"days", 1, 0, 'y'},   {"rate", 1, 0, 'r'},
    {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct gen gen = {.frame = {.seed = 1, .step_ms = HOUR_MS / 6, .clock_ms = TIMESTAMP_NONE},
                      .config = verb_config_dir()};
    int status = VERB_OK;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&gen, c, argv);
    if (status == VERB_OK && optind != argc)
        status = verb_usage("gen", "\"%s\" is not an option", argv[optind]);
    if (status == VERB_OK)
        status = settle_events(&gen);
    if (status == VERB_OK)
        status = read_window(&gen);
    return status == VERB_OK ? generate(&gen) : status;
}

const struct verb verb_gen = {
    "gen", "a generated day of the district, as a timeline", gen_help, run, options, NULL};
