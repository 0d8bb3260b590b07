/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain why: a case's timeline and what it folds to, from the aggregator's read-only API; what
 * the router decided and why, from its events on the log. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "citybrain/own_names.h"
#include "citybrain/progress.h"
#include "citybrain/read_api.h"
#include "citybrain/verb.h"
#include "citybrain/why_report.h"
#include "kafka/log_search.h"

#define CASE_ID_BYTES 1100
#define BEFORE_MS                                                                                  \
    60000 /* a decision's record is not written before it, clocks being what they are */

static const char why_help[] =
    "usage: citybrain why CASE|EVENT [--json] [--url URL] [--brokers HOST:PORT,…] [--prefix P]\n"
    "                     [--config DIR]\n\n"
    "CASE is the whole id, for instance request:12345:2026112400017; EVENT the id of one of its\n"
    "events (22 characters, as in a work order), which the log is searched for. Shows three "
    "parts:\n"
    "  现状   where the case stands, who leads, until when, what could not be delivered, what the\n"
    "         desk has to decide (待研判)\n"
    "  经过   its events in the order that holds, who said each, and its effect: 计入 counts, or\n"
    "         不计 with the reason: impossible (the case was not there for it) or not_yours (that\n"
    "         party may not make it); neither changes anything. 映射版本(feedversion) is the feed\n"
    "         and the version of its mapping that made the event, as hotline/3; 到点 is the "
    "moment\n"
    "         that a timer waited for\n"
    "  决定   all that the router said: lead, limit and due with their sources, rule, bundle (the\n"
    "         hash of rules, triggers and registries), reason, alternatives, timers, evidence of "
    "a\n"
    "         trigger; each with its cause as a line of the second part\n"
    "Who at the desk decided, and that person's reason, stand in the topics audit and "
    "status.desk,\n"
    "not here: a case's timeline is read by many.\n\n"
    "  --json       one JSON object: case, timeline, lines, fold (stage, state, …), effects, "
    "reasons\n"
    "               (why a line does not count), mappings (feed and version, of each line),\n"
    "               decisions\n"
    "  --url        the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340); where "
    "it\n"
    "               lets nobody in without a token, CITYBRAIN_API_TOKEN is yours\n"
    "  --brokers    for decisions and mappings (default $CITYBRAIN_BROKERS or 127.0.0.1:29092); "
    "without a\n"
    "               broker the rest is shown, and stderr says so\n"
    "  --config     kinds, codes and names (default $CITYBRAIN_CONFIG or config)\n"
    "exit: 0 shown, 1 no such case, 69 no API, or not for you, 78 configuration\n";

struct why {
    const char *id, *url, *config_dir;
    bool json;
    struct kafka_settings settings;
    struct codes *codes;
    struct kinds *kinds;
    struct district district; /* names; may lack registries */
    struct own_names own;
    char found[CASE_ID_BYTES];
};

static bool take_event(void *context, struct span json)
{
    return why_report_take_event(context, json);
}

static void say_missing(const struct why_report *report)
{
    if (report->told_count < report->told_wanted)
        fprintf(stderr, "citybrain why: %zu of %zu decisions are no longer on the log\n",
                report->told_wanted - report->told_count, report->told_wanted);
    if (report->seen_count < report->seen_wanted)
        fprintf(stderr,
                "citybrain why: %zu of %zu events are no longer on the log, which alone knows the "
                "mapping that made them\n",
                report->seen_wanted - report->seen_count, report->seen_wanted);
}

/* Near the time they were recorded first; a clock of its own (tests, a day played again) is found
 * by reading all. */
static void find_events(const struct why *why, struct why_report *report)
{
    struct error error = {0};
    struct span id = why_report_case(report);
    if (why_report_is_whole(report))
        return;
    bool good = log_search(&why->settings, "events", id, report->first_ms - BEFORE_MS, take_event,
                           report, &error);
    if (good && !why_report_is_whole(report))
        good = log_search(&why->settings, "events", id, 0, take_event, report, &error);
    if (!good)
        fprintf(stderr, "citybrain why: decisions and mappings are left out: %s\n", error.text);
    else
        say_missing(report);
}

static int explain(const struct why *why, struct span answer)
{
    struct error error = {0};
    struct why_report *report = xcalloc(1, sizeof *report);
    int status = VERB_OK;
    const struct why_names names = {why->codes, why->kinds, &why->district, &why->own};
    if (why_report_read(report, answer, &names, &error)) {
        find_events(why, report);
        if (why->json)
            why_report_show_json(report, stdout);
        else
            why_show(report, stdout);
    } else {
        fprintf(stderr, "citybrain why: %s\n", error.text);
        status = error_exit_status(&error);
    }
    why_report_fini(report);
    free(report);
    return status;
}

static int ask(const struct why *why)
{
    char path[1024];
    struct strbuf answer;
    struct read_api *api = read_api_new("why", why->url);
    strbuf_init(&answer, 65536, 16 << 20);
    snprintf(path, sizeof path, "/api/cases/%s?lines=yes", why->id);
    int result = VERB_UNAVAILABLE, status = read_api_ask(api, path, &answer);
    if (status == 404) {
        fprintf(stderr,
                "citybrain why: no case %s: nothing was accepted under it, %sor the aggregator is "
                "behind (citybrain lag)\n",
                why->id,
                read_api_is_somebody(api) ? "it is not for the token of $CITYBRAIN_API_TOKEN, "
                                          : "");
        result = VERB_FAILED;
    } else if (status != 0 && status != 200) {
        read_api_say(api, NULL, status, strbuf_span(&answer));
    } else if (status == 200) {
        result = explain(why, strbuf_span(&answer));
    }
    strbuf_fini(&answer);
    read_api_free(api);
    return result;
}

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

struct seek { /* the case of an event */
    struct why *why;
    char mark[64]; /* "id":"…" */
    struct progress progress;
};

static bool seek_event(void *context, const struct log_search_record *record)
{
    struct seek *seek = context;
    struct span value = record->value;
    if (seek->progress.total <= 1)
        seek->progress.total = record->total;
    progress_show(&seek->progress, record->done, "");
    if (!value.at || !memmem(value.at, value.len, seek->mark, strlen(seek->mark)))
        return true;
    span_to_cstr(record->key, seek->why->found, sizeof seek->why->found);
    return false;
}

/* An id of an event says nothing of its case: the log is read until it is found. */
static int find_case(struct why *why)
{
    struct seek seek = {.why = why};
    struct error error = {0};
    if (strchr(why->id, ':'))
        return VERB_OK;
    snprintf(seek.mark, sizeof seek.mark, "\"id\":\"%.40s\"", why->id);
    progress_begin(&seek.progress, "event", 1);
    bool all = log_search_all(&why->settings, "events", seek_event, &seek, &error);
    progress_end(&seek.progress, why->found[0] ? why->found : "not found");
    if (why->found[0]) {
        why->id = why->found;
        return VERB_OK;
    }
    if (all)
        fprintf(stderr,
                "citybrain why: no event %s on the log, and it is no case: those are "
                "<kind>:<namespace>:<number>\n",
                why->id);
    else
        fprintf(stderr, "citybrain why: %s\n", error.text);
    return all ? VERB_FAILED : error_exit_status(&error);
}

/* Without a registry codes have no names, which is no reason to explain nothing. */
static void load_names(struct why *why)
{
    struct diagnostics *unsaid = diagnostics_new();
    district_load(&why->district, why->config_dir, unsaid);
    own_names_load(&why->own, why->config_dir);
    diagnostics_free(unsaid);
}

static int ask_with_kinds(struct why *why)
{
    char path[512];
    int status = VERB_CONFIG;
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(path, sizeof path, "%s/codes.csv", why->config_dir);
    why->codes = codes_load(path, diagnostics);
    snprintf(path, sizeof path, "%s/kinds", why->config_dir);
    why->kinds = why->codes ? kinds_load(path, why->codes, diagnostics) : NULL;
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    if (why->kinds) {
        load_names(why);
        status = find_case(why);
        status = status == VERB_OK ? ask(why) : status;
        district_fini(&why->district);
        own_names_fini(&why->own);
        kinds_free(why->kinds);
    }
    if (why->codes)
        codes_free(why->codes);
    diagnostics_free(diagnostics);
    return status;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

static const struct option options[] = {{"url", 1, 0, 'u'},     {"json", 0, 0, 'j'},
                                        {"brokers", 1, 0, 'b'}, {"prefix", 1, 0, 'p'},
                                        {"config", 1, 0, 'c'},  {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *url = NULL, *brokers = NULL, *prefix = NULL;
    struct why why = {.config_dir = verb_config_dir()};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'u': url = optarg; break;
        case 'j': why.json = true; break;
        case 'b': brokers = optarg; break;
        case 'p': prefix = optarg; break;
        case 'c': why.config_dir = optarg; break;
        default: return verb_bad_option("why", argv);
        }
    }
    if (optind + 1 != argc)
        return verb_usage("why", "one CASE or EVENT is needed");
    why.id = argv[optind];
    why.url = url;
    why.settings = (struct kafka_settings){
        .brokers = first_of(brokers, getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
        .prefix = first_of(prefix, getenv("CITYBRAIN_PREFIX"), "cb."),
        .group = "citybrain",
        .slot = 1,
    };
    return ask_with_kinds(&why);
}

const struct verb verb_why = {
    "why",    "one case: its events, who said what, what counts, what was decided",
    why_help, run,
    options,  NULL};
