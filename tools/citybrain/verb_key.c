/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain key: makes, turns over and ends the keys stations sign with. A secret is drawn here and
 * stands in two files only: the daemon's and the station's. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "citybrain/key_file.h"
#include "citybrain/keys_edit.h"
#include "citybrain/verb.h"
#include "model/registry.h"

static const char key_help[] =
    "usage: citybrain key create STATION --feeds FEED[,FEED…]\n"
    "       citybrain key create STATION --unit UNIT [--party lead]\n"
    "       citybrain key rotate STATION        a second key, which may do what the first may\n"
    "       citybrain key retire STATION KEY    this one opens nothing any more\n"
    "       citybrain key ls [--json]           who has which keys; never a secret\n\n"
    "A station signs each request with a secret of its own (docs/signing.md, tools/clients/), and\n"
    "speaks for the feeds or the unit named here, whatever a body says. create and rotate write\n"
    "two files: a row for the daemon, and the station's own copy, which is handed over by a safe\n"
    "way and then deleted here. Both are for their owner only.\n\n"
    "  --party PARTY  who a unit's statuses are told as: lead, desk, callback … (default: its\n"
    "                 party_default in units.csv); a feed's party stands in the feed's file\n"
    "  --keys FILE    the daemon's file, its setting ingest.keys (default $CITYBRAIN_KEYS, else\n"
    "                 config/keys.csv, which is never committed)\n"
    "  --out FILE     the station's copy (default STATION.key, mode 600)\n"
    "  --config DIR   where feeds/ and registries/units.csv stand (default $CITYBRAIN_CONFIG or "
    "config)\n\n"
    "The daemon reads the file again on SIGHUP: systemctl reload citybrain-ingest.\n\n"
    "A new station:                                  A key is turned over, nobody waits:\n"
    "  citybrain key create st001 --feeds hotline    citybrain key rotate st001 --out new.key\n"
    "  kill -HUP PID_OF_INGEST                       kill -HUP PID_OF_INGEST; hand over new.key\n"
    "  citybrain send --key st001.key \\              when the station uses it:\n"
    "      --feed hotline FILE                       citybrain key retire st001 OLD_KEY; HUP\n\n"
    "exit: 0 done, 64 usage, 69 a file cannot be written, 78 the keys or the names are wrong\n";

struct wish {
    const char *station, *key, *feeds, *unit, *party, *keys, *out, *config;
    bool json;
};

static bool check_feed(const struct wish *wish, struct span feed, struct error *error)
{
    char path[512];
    snprintf(path, sizeof path, "%s/feeds/%.*s.yaml", wish->config, SPAN_ARG(feed));
    return (signature_is_name(feed, 1, 64) && access(path, R_OK) == 0) ||
           error_set(error, ERROR_CONFIG, 0, "no feed \"%.*s\": %s is not there", SPAN_ARG(feed),
                     path);
}

/* "a,b" -> "a;b", each of them a feed. */
static bool add_feeds(const struct wish *wish, struct strbuf *names, struct error *error)
{
    struct span rest = span_of(wish->feeds);
    while (rest.at) {
        struct span feed = span_trim(span_cut(&rest, ','));
        if (!check_feed(wish, feed, error))
            return false;
        strbuf_addf(names, "%s%.*s", names->len ? ";" : "", SPAN_ARG(feed));
    }
    return true;
}

static bool add_unit(const struct wish *wish, struct strbuf *names, struct strbuf *party,
                     struct error *error)
{
    char path[512];
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(path, sizeof path, "%s/registries/units.csv", wish->config);
    struct registry *units = registry_load(path, diagnostics);
    bool good = diagnostics_to_error(diagnostics, error);
    const struct registry_row *row =
        units ? registry_find(units, span_of(wish->unit), INT64_MIN) : NULL;
    if (good && !row)
        good = error_set(error, ERROR_CONFIG, 0, "no unit \"%s\" in %s", wish->unit, path);
    if (good) {
        strbuf_add(names, registry_cell(units, row, "code"));
        strbuf_add(party, registry_cell(units, row, "party_default"));
    }
    registry_free(units);
    diagnostics_free(diagnostics);
    return good;
}

/* k20261125-3f9a: the day it was made, and a part by lot, so that no name comes twice. */
static bool draw(struct key_file *file, struct error *error)
{
    unsigned char lot[2];
    time_t now = time(NULL);
    struct tm day;
    gmtime_r(&now, &day);
    if (getrandom(lot, sizeof lot, 0) != sizeof lot ||
        getrandom(file->secret, sizeof file->secret, 0) != (ssize_t)sizeof file->secret)
        return error_set(error, ERROR_FATAL, errno, "no random bytes: %s", strerror(errno));
    snprintf(file->key, sizeof file->key, "k%04d%02d%02d-%02x%02x", day.tm_year + 1900,
             day.tm_mon + 1, day.tm_mday, lot[0], lot[1]);
    return true;
}

static bool issue(const struct wish *wish, const char *kind, struct span names, struct span party,
                  struct error *error)
{
    struct key_file file = {0};
    struct strbuf row;
    char hex[2 * SIGNATURE_SECRET + 1], out[512];
    span_to_cstr(span_of(wish->station), file.station, sizeof file.station);
    snprintf(out, sizeof out, "%s%s", wish->out ? wish->out : wish->station,
             wish->out ? "" : ".key");
    if (!draw(&file, error) || !key_file_write(&file, out, error))
        return false;
    digest_write_hex(hex, file.secret, sizeof file.secret);
    strbuf_init(&row, 512, 65536);
    strbuf_addf(&row, "%s,%s,%s,%.*s,%.*s,%s", file.station, file.key, kind, SPAN_ARG(names),
                SPAN_ARG(party), hex);
    bool good = keys_edit_change(wish->keys, NULL, strbuf_span(&row), error);
    if (good) {
        printf("%s\t%s\t%s\n", file.station, file.key, out);
        fprintf(stderr, "row in %s; the station's copy: %s; next: SIGHUP to citybrain-ingest\n",
                wish->keys, out);
    } else {
        unlink(out);
    }
    explicit_bzero(row.at, row.len);
    strbuf_fini(&row);
    explicit_bzero(hex, sizeof hex);
    explicit_bzero(&file, sizeof file);
    return good;
}

static const struct station_key *key_of(const struct station_keys *keys, const char *station,
                                        bool oldest)
{
    const struct station_key *found = NULL;
    for (size_t i = 0; keys && i < station_keys_count(keys) && !(found && oldest); i++)
        if (span_is(station_keys_at(keys, i)->principal.station, station))
            found = station_keys_at(keys, i);
    return found;
}

static bool has_room(const struct wish *wish, const struct station_keys *keys, struct error *error)
{
    const struct station_key *oldest = key_of(keys, wish->station, true);
    if (oldest == key_of(keys, wish->station, false)) /* one, or none */
        return true;
    return error_set(error, ERROR_CONFIG, 0,
                     "%s has two keys already; fix: citybrain key retire %s %.*s", wish->station,
                     wish->station, SPAN_ARG(oldest->key));
}

static bool create(const struct wish *wish, struct error *error)
{
    struct strbuf names, party;
    strbuf_init(&names, 64, 1024);
    strbuf_init(&party, 16, 64);
    bool good = wish->unit ? add_unit(wish, &names, &party, error) : add_feeds(wish, &names, error);
    /* A feed's file names its own; the row says the usual one. */
    struct span named = wish->party  ? span_of(wish->party)
                        : wish->unit ? strbuf_span(&party)
                                     : SPAN("source");
    if (good && !signature_is_name(named, 1, 16))
        good = error_set(error, ERROR_CONFIG, 0, "\"%.*s\" is no party", SPAN_ARG(named));
    good = good && issue(wish, wish->unit ? "unit" : "feed", strbuf_span(&names), named, error);
    strbuf_fini(&names);
    strbuf_fini(&party);
    return good;
}

static bool rotate(const struct wish *wish, const struct station_keys *keys, struct error *error)
{
    const struct station_key *key = key_of(keys, wish->station, false);
    if (!key)
        return error_set(error, ERROR_CONFIG, 0, "%s has no key in %s; fix: citybrain key create",
                         wish->station, wish->keys);
    return issue(wish, key->principal.kind == PRINCIPAL_UNIT ? "unit" : "feed",
                 key->principal.names, key->principal.party, error);
}

static bool retire(const struct wish *wish, const struct station_keys *keys, struct error *error)
{
    const struct station_key *key =
        station_keys_find(keys, span_of(wish->station), span_of(wish->key));
    if (!key)
        return error_set(error, ERROR_CONFIG, 0, "%s has no key %s in %s; see: citybrain key ls",
                         wish->station, wish->key, wish->keys);
    if (!keys_edit_change(wish->keys, key, SPAN_NONE, error))
        return false;
    fprintf(stderr, "%s %s is out of %s; next: SIGHUP to citybrain-ingest\n", wish->station,
            wish->key, wish->keys);
    return true;
}

static void list(const struct station_keys *keys, bool json)
{
    if (!json)
        puts("station\tkey\tkind\tnames\tparty");
    for (size_t i = 0; keys && i < station_keys_count(keys); i++) {
        const struct station_key *key = station_keys_at(keys, i);
        const struct principal *who = &key->principal;
        printf(json ? "{\"station\":\"%.*s\",\"key\":\"%.*s\",\"kind\":\"%s\",\"names\":\"%.*s\","
                      "\"party\":\"%.*s\"}\n"
                    : "%.*s\t%.*s\t%s\t%.*s\t%.*s\n",
               SPAN_ARG(who->station), SPAN_ARG(key->key),
               who->kind == PRINCIPAL_UNIT ? "unit" : "feed", SPAN_ARG(who->names),
               SPAN_ARG(who->party));
    }
}

static int act(const struct wish *wish, const char *what)
{
    struct error error = {0};
    struct station_keys *keys = keys_edit_read(wish->keys, &error);
    bool good = error.kind == ERROR_NONE;
    if (good && (strcmp(what, "create") == 0 || strcmp(what, "rotate") == 0))
        good = has_room(wish, keys, &error);
    if (good && strcmp(what, "create") == 0)
        good = create(wish, &error);
    else if (good && strcmp(what, "rotate") == 0)
        good = rotate(wish, keys, &error);
    else if (good && strcmp(what, "retire") == 0)
        good = retire(wish, keys, &error);
    else if (good)
        list(keys, wish->json);
    station_keys_free(keys);
    if (!good)
        fprintf(stderr, "citybrain key: %s\n", error.text);
    return good ? VERB_OK : error_exit_status(&error);
}

static int check_words(const struct wish *wish, const char *what, int count)
{
    static const struct {
        const char *what;
        int words;
    } verbs[] = {{"create", 1}, {"rotate", 1}, {"retire", 2}, {"ls", 0}};
    size_t i = 0;
    while (i < ARRAY_LENGTH(verbs) && strcmp(verbs[i].what, what) != 0)
        i++;
    if (i == ARRAY_LENGTH(verbs))
        return verb_usage("key", "create, rotate, retire or ls?");
    if (count != verbs[i].words)
        return verb_usage("key", "%s takes %s", what,
                          verbs[i].words == 2   ? "STATION and KEY"
                          : verbs[i].words == 1 ? "one STATION"
                                                : "no more words");
    if (wish->party && !wish->unit)
        return verb_usage("key", "--party goes with --unit; a feed's stands in the feed's file");
    if (i == 0 && !wish->feeds == !wish->unit)
        return verb_usage("key", "create needs --feeds or --unit, one of them");
    if (count && !signature_is_name(span_of(wish->station), 1, SIGNATURE_NAME_MAX))
        return verb_usage("key", "a station is 1 to %d letters, digits, - _ .", SIGNATURE_NAME_MAX);
    return VERB_OK;
}

static const struct option options[] = {
    {"feeds", 1, 0, 'f'}, {"unit", 1, 0, 'u'},   {"party", 1, 0, 'p'}, {"keys", 1, 0, 'k'},
    {"out", 1, 0, 'o'},   {"config", 1, 0, 'c'}, {"json", 0, 0, 'j'},  {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *keys = getenv("CITYBRAIN_KEYS");
    struct wish wish = {.config = verb_config_dir(), .keys = keys ? keys : "config/keys.csv"};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'f': wish.feeds = optarg; break;
        case 'u': wish.unit = optarg; break;
        case 'p': wish.party = optarg; break;
        case 'k': wish.keys = optarg; break;
        case 'o': wish.out = optarg; break;
        case 'c': wish.config = optarg; break;
        case 'j': wish.json = true; break;
        default: return verb_bad_option("key", argv);
        }
    }
    const char *what = optind < argc ? argv[optind] : "";
    int count = argc - optind - 1;
    wish.station = count > 0 ? argv[optind + 1] : NULL;
    wish.key = count > 1 ? argv[optind + 2] : NULL;
    int status = check_words(&wish, what, count);
    return status == VERB_OK ? act(&wish, what) : status;
}

const struct verb verb_key = {"key",    "make, turn over and end the keys stations sign with",
                              key_help, run,
                              options,  "create rotate retire ls"};
