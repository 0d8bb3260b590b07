/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain tap: what stands on any topic of ours, one line a record. Reads beside everybody else,
 * belongs to no group, and shows nothing of what a sender's own bytes say about persons. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "citybrain/dead_letter.h"
#include "citybrain/moment.h"
#include "citybrain/progress.h"
#include "citybrain/tap_case.h"
#include "citybrain/tap_show.h"
#include "citybrain/verb.h"
#include "kafka/log_search.h"
#include "router/core/signal_pack.h"

#define ARENA_BYTES (4 << 20)
#define LIMIT       100
#define LINE_BYTES  ((size_t)4 << 20)

static const char tap_help[] =
    "usage: citybrain tap TOPIC [filters] [--follow] [--limit N] [--json]\n\n"
    "看日志:任一主题的记录,一行一条。\n"
    "One line a record: when it was written, its place (partition/offset), what it is, of which\n"
    "case, and what it says, in words. Without --follow the newest 100 that match, in order of "
    "time.\n"
    "Nothing is changed or committed: nobody notices. What a sender's own bytes say (raw, dead,\n"
    "status, contacts) is never shown; citybrain dead show --reveal does, audited.\n\n"
    "TOPIC\n"
    "  events        canonical events, the router's among them (clock: with --ticks)\n"
    "  decisions     those events that the router told\n"
    "  raw, dead     items as they came, or could not be taken: their headers\n"
    "  dispatch.UNIT, receipts.UNIT, status.UNIT   orders, answers and words of a unit;\n"
    "                or dispatch, receipts, status with --unit\n"
    "  signals       facts for triggers; watermarks with --ticks\n"
    "  registry, audit\n"
    "  contacts, state.cases, state.windows        keys and sizes\n"
    "filters (all must hold)\n"
    "  --case CASE   of that case, as request:12345:N1; of a dead letter its number; of raw the\n"
    "                rows that its mapping reads so, those that were refused too\n"
    "  --unit UNIT   said by, given to or led by that unit\n"
    "  --feed FEED   that came by that feed\n"
    "  --what WORD   that stage, kind of order, reject, reason, trigger or verb (resolved, ended)\n"
    "  --place P/OFFSET   the record at that place alone, as lines and logs name it\n"
    "  --since, --until TIME   when it was written: a day (2026-03-02), a time\n"
    "                (2026-03-02T18:00:00+08:00), or how long ago (10m, 3d)\n"
    "others\n"
    "  --follow      from now on (or from --since on), as they come; Ctrl-C ends it\n"
    "  --limit N     the newest N, 0 = all, in the order of the log; with --follow: end after N\n"
    "  --ticks       the clock's records too\n"
    "  --json        one object a line: topic, place, at, key, what, case, unit, feed, bytes, and\n"
    "                value (ours as it is) or header (of raw and dead)\n"
    "  --config DIR  names of units, types, places, stages; mappings (default $CITYBRAIN_CONFIG or "
    "config)\n"
    "  --brokers, --prefix  (default $CITYBRAIN_BROKERS or 127.0.0.1:29092, cb.)\n\n"
    "  citybrain tap events --case request:12345:N1\n"
    "  citybrain tap raw --case request:12345:N1 --feed hotline_csv\n"
    "  citybrain tap dispatch.s110105001 --since 1h\n"
    "  citybrain tap dead --follow --feed hotline --json\n"
    "exit: 0 shown, 64 usage, 69 no broker or no such topic, 78 configuration\n";

struct line {
    int64_t at_ms, offset, number; /* number: of all that were kept; a pack has several */
    int32_t partition;
    char *text; /* owned */
};

struct tap {
    const struct tap_topic *topic;
    const char *case_id, *unit, *feed, *what, *config_dir;
    char name[128]; /* of the topic, without prefix */
    int64_t since_ms, until_ms, limit, now_ms, shown;
    int64_t partition, offset; /* of --place; -1 = any */
    bool follow, ticks, json, decisions;
    struct kafka_settings settings;
    struct district district; /* names; may lack registries */
    struct tap_case cases;    /* of raw, where a case is asked for */
    struct tap_names names;
    struct json_reader *reader;
    struct arena arena;
    struct strbuf text;
    struct line *lines; /* owned; the newest, until all was read */
    size_t count, capacity;
    int64_t kept; /* all ever */
    struct progress progress;
};

/* ---- which ---- */

static bool is_number_of(const struct tap *tap, struct span number)
{
    const char *colon = strrchr(tap->case_id, ':');
    return number.len && span_is(number, colon ? colon + 1 : tap->case_id);
}

static bool is_of_case(const struct tap *tap, const struct tap_record *record)
{
    if (!tap->case_id || (record->case_id.at && span_is(record->case_id, tap->case_id)))
        return true;
    return record->topic->form == TAP_RAW ||
           (record->topic->form == TAP_DEAD && is_number_of(tap, record->dead.record));
}

static bool is_of_unit(const struct tap *tap, const struct tap_record *record)
{
    if (!tap->unit || (record->unit.at && span_is(record->unit, tap->unit)))
        return true;
    return record->topic->form == TAP_EVENT && record->readable &&
           span_is(json_text(record->event.data, "lead"), tap->unit);
}

static bool is_clock(const struct tap_record *record)
{
    if (record->topic->form == TAP_EVENT)
        return record->readable && record->event.family == EVENT_TICK;
    return record->topic->form == TAP_SIGNAL && record->readable &&
           record->signal.kind == SIGNAL_WATERMARK;
}

static bool is_asked(const struct tap *tap, const struct tap_record *record)
{
    return record->whole->timestamp_ms >= tap->since_ms &&
           record->whole->timestamp_ms < tap->until_ms && (tap->ticks || !is_clock(record)) &&
           (!tap->decisions || span_is(record->event.party, "router")) && is_of_case(tap, record) &&
           is_of_unit(tap, record) &&
           (!tap->feed || (record->feed.at && span_is(record->feed, tap->feed))) &&
           (!tap->what || (record->what.at && span_is(record->what, tap->what)));
}

/* ---- showing ---- */

static int by_time(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->partition != b->partition)
        return a->partition < b->partition ? -1 : 1;
    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Twice as many as are wanted are kept before the older half goes. */
static void keep_newest(struct tap *tap)
{
    size_t most = (size_t)tap->limit;
    qsort(tap->lines, tap->count, sizeof *tap->lines, by_time);
    if (tap->count <= most)
        return;
    size_t gone = tap->count - most;
    for (size_t i = 0; i < gone; i++)
        free(tap->lines[i].text);
    memmove(tap->lines, tap->lines + gone, most * sizeof *tap->lines);
    tap->count = most;
}

static void keep(struct tap *tap, const struct record *record)
{
    if (tap->count == tap->capacity) {
        if (tap->count >= 2 * (size_t)tap->limit)
            keep_newest(tap);
        else
            tap->capacity = tap->capacity ? 2 * tap->capacity : 64;
        tap->lines = xrealloc(tap->lines, tap->capacity * sizeof *tap->lines);
    }
    tap->lines[tap->count++] = (struct line){record->timestamp_ms, record->offset, tap->kept++,
                                             record->partition, xspandup(strbuf_span(&tap->text))};
}

static void show(struct tap *tap, const struct record *record)
{
    bool is_streamed = tap->follow || tap->limit == 0;
    if (!is_streamed) {
        keep(tap, record);
        return;
    }
    fprintf(stdout, "%s\n", tap->text.at);
    tap->shown++;
}

/* What an item is about only its mapping can tell, so it is asked last. */
static bool names_case(struct tap *tap, struct tap_record *one)
{
    if (!tap->case_id || one->topic->form != TAP_RAW)
        return true;
    one->case_id = span_of(tap->case_id);
    return one->readable && one->whole->value.at &&
           tap_case_is(&tap->cases, &one->raw, one->whole->value, one->case_id);
}

static void take_one(struct tap *tap, const struct record *record)
{
    struct tap_record one;
    arena_reset(&tap->arena);
    tap_record_read(&one, tap->topic, record, tap->reader, &tap->arena);
    if (!is_asked(tap, &one) || !names_case(tap, &one))
        return;
    strbuf_reset(&tap->text);
    if (tap->json)
        tap_show_json(&tap->text, &one);
    else
        tap_show_words(&tap->text, &one, &tap->names);
    show(tap, record);
}

static bool is_enough(const struct tap *tap)
{
    return tap->follow && tap->limit != 0 && tap->shown >= tap->limit;
}

/* Each fact as if it had come alone. */
static void take_pack(struct tap *tap, const struct record *record)
{
    struct record one = *record;
    struct span rest = signal_pack_open(record->value);
    if (!rest.at)
        take_one(tap, record); /* of a later version */
    while (!is_enough(tap) && signal_pack_next(&rest, &one.key, &one.value))
        take_one(tap, &one);
}

static bool take(void *context, const struct log_search_record *record)
{
    struct tap *tap = context;
    if (!record)
        return fflush(stdout) == 0; /* whoever reads along has gone */
    if (!tap->follow && tap->progress.total <= 1)
        tap->progress.total = record->total > 0 ? record->total : 1;
    if (!tap->follow)
        progress_show(&tap->progress, record->done, "");
    if (tap->topic->form == TAP_SIGNAL && signal_pack_is(record->whole))
        take_pack(tap, record->whole);
    else
        take_one(tap, record->whole);
    return !is_enough(tap);
}

static int read_topic(struct tap *tap)
{
    struct error error = {0};
    bool good;
    if (tap->follow) {
        good = log_search_follow(&tap->settings, tap->name,
                                 tap->since_ms > 0 ? tap->since_ms : LOG_SEARCH_NOW, take, tap,
                                 &error);
    } else {
        char note[64];
        progress_begin(&tap->progress, "tap", 1);
        good = tap->partition >= 0
                   ? log_search_at(&tap->settings, tap->name, (int32_t)tap->partition, tap->offset,
                                   take, tap, &error)
                   : log_search_since(&tap->settings, tap->name, tap->since_ms, take, tap, &error);
        keep_newest(tap);
        for (size_t i = 0; good && i < tap->count; i++)
            fprintf(stdout, "%s\n", tap->lines[i].text);
        tap->shown += (int64_t)tap->count;
        snprintf(note, sizeof note, "%lld records shown", (long long)tap->shown);
        progress_end(&tap->progress, good ? note : "not read");
    }
    fflush(stdout);
    if (!good && error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain tap: %s; fix: %s\n", error.text,
                error.kind == ERROR_REFUSED ? "citybrain topics ls names those that are there"
                                            : "start the brokers, or name them by --brokers");
    return good || error.kind == ERROR_NONE ? VERB_OK : VERB_UNAVAILABLE;
}

static void say(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static int open_cases(struct tap *tap)
{
    if (!tap->case_id || tap->topic->form != TAP_RAW)
        return VERB_OK;
    struct diagnostics *diagnostics = diagnostics_new();
    bool good = tap_case_open(&tap->cases, tap->config_dir, diagnostics);
    diagnostics_each(diagnostics, say, stderr);
    diagnostics_free(diagnostics);
    return good ? VERB_OK : VERB_CONFIG;
}

static int tap_all(struct tap *tap)
{
    char path[512];
    struct diagnostics *unsaid = diagnostics_new(); /* without a registry codes have no names */
    district_load(&tap->district, tap->config_dir, unsaid);
    snprintf(path, sizeof path, "%s/codes.csv", tap->config_dir);
    struct codes *codes = codes_load(path, unsaid);
    snprintf(path, sizeof path, "%s/kinds", tap->config_dir);
    struct kinds *kinds = codes ? kinds_load(path, codes, unsaid) : NULL;
    diagnostics_free(unsaid);
    tap->names = (struct tap_names){&tap->district, kinds};
    tap->reader = json_reader_new();
    arena_init(&tap->arena, ARENA_BYTES);
    strbuf_init(&tap->text, 4096, LINE_BYTES);
    int status = open_cases(tap);
    status = status == VERB_OK ? read_topic(tap) : status;
    tap_case_close(&tap->cases);
    for (size_t i = 0; i < tap->count; i++)
        free(tap->lines[i].text);
    free(tap->lines);
    strbuf_fini(&tap->text);
    arena_fini(&tap->arena);
    json_reader_free(tap->reader);
    if (kinds)
        kinds_free(kinds);
    if (codes)
        codes_free(codes);
    district_fini(&tap->district);
    return status;
}

/* ---- the verb ---- */

static int name_topic(struct tap *tap, const char *word)
{
    char words[512] = "";
    size_t len = 0;
    tap->topic = tap_topic_find(word);
    if (!tap->topic) {
        const struct tap_topic *one;
        for (size_t i = 0; (one = tap_topic_at(i)) && len < sizeof words; i++)
            len += (size_t)snprintf(words + len, sizeof words - len, "%s%s%s", i ? ", " : "",
                                    one->name, one->of_unit ? ".UNIT" : "");
        return verb_usage("tap", "\"%s\" is no topic of ours: %s", word, words);
    }
    tap->decisions = strcmp(tap->topic->name, "decisions") == 0;
    bool named = strlen(word) > strlen(tap->topic->name);
    if (tap->topic->of_unit && !named && !tap->unit)
        return verb_usage("tap", "whose? write %s.UNIT, or add --unit UNIT", tap->topic->name);
    if (tap->topic->of_unit && !named)
        snprintf(tap->name, sizeof tap->name, "%.40s.%.80s", word, tap->unit);
    else
        snprintf(tap->name, sizeof tap->name, "%.120s", tap->decisions ? "events" : word);
    return VERB_OK;
}

static int read_option(struct tap *tap, int c, char **argv)
{
    switch (c) {
    case 'c': tap->case_id = optarg; return VERB_OK;
    case 'P':
        return dead_letter_place(span_of(optarg), &tap->partition, &tap->offset) &&
                       tap->partition <= INT32_MAX
                   ? VERB_OK
                   : verb_usage("tap", "--place \"%s\" is no place such as 3/1234", optarg);
    case 'u': tap->unit = optarg; return VERB_OK;
    case 'f': tap->feed = optarg; return VERB_OK;
    case 'w': tap->what = optarg; return VERB_OK;
    case 's':
        return moment_read(optarg, tap->now_ms, &tap->since_ms) ? VERB_OK
                                                                : moment_bad("tap", optarg);
    case 'o':
        return moment_read(optarg, tap->now_ms, &tap->until_ms) ? VERB_OK
                                                                : moment_bad("tap", optarg);
    case 'F': tap->follow = true; return VERB_OK;
    case 'l':
        return span_to_int64(span_of(optarg), &tap->limit) && tap->limit >= 0 &&
                       tap->limit <= 10000000
                   ? VERB_OK
                   : verb_usage("tap", "--limit \"%s\" is no number up to 10000000", optarg);
    case 't': tap->ticks = true; return VERB_OK;
    case 'j': tap->json = true; return VERB_OK;
    case 'g': tap->config_dir = optarg; return VERB_OK;
    case 'b': tap->settings.brokers = optarg; return VERB_OK;
    case 'p': tap->settings.prefix = optarg; return VERB_OK;
    default: return verb_bad_option("tap", argv);
    }
}

static const struct option options[] = {
    {"place", 1, 0, 'P'},   {"case", 1, 0, 'c'},   {"unit", 1, 0, 'u'},  {"feed", 1, 0, 'f'},
    {"what", 1, 0, 'w'},    {"since", 1, 0, 's'},  {"until", 1, 0, 'o'}, {"follow", 0, 0, 'F'},
    {"limit", 1, 0, 'l'},   {"ticks", 0, 0, 't'},  {"json", 0, 0, 'j'},  {"config", 1, 0, 'g'},
    {"brokers", 1, 0, 'b'}, {"prefix", 1, 0, 'p'}, {0, 0, 0, 0}};

static const char *or_else(const char *a, const char *b)
{
    return a ? a : b;
}

static int run(int argc, char **argv)
{
    static struct tap tap;
    tap = (struct tap){
        .config_dir = verb_config_dir(),
        .limit = -1,
        .partition = -1,
        .until_ms = INT64_MAX,
        .now_ms = moment_now_ms(),
        .settings = {.brokers = or_else(getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
                     .prefix = or_else(getenv("CITYBRAIN_PREFIX"), "cb."),
                     .group = "citybrain",
                     .slot = 1}};
    int status = VERB_OK;
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&tap, c, argv);
    if (status == VERB_OK && tap.partition >= 0 && tap.follow)
        status = verb_usage("tap", "--place is one record: there is nothing to follow");
    if (status == VERB_OK && optind + 1 != argc)
        status = verb_usage("tap", "one TOPIC is needed, such as events or dispatch.s110105001");
    status = status == VERB_OK ? name_topic(&tap, argv[optind]) : status;
    if (tap.limit < 0)
        tap.limit = tap.follow ? 0 : LIMIT;
    return status == VERB_OK ? tap_all(&tap) : status;
}

const struct verb verb_tap = {
    "tap",
    "what stands on any topic, one line a record, as it comes",
    tap_help,
    run,
    options,
    "events decisions raw dead dispatch. receipts. status. signals registry audit contacts "
    "state.cases state.windows"};
