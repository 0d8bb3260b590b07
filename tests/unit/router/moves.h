/* SPDX-License-Identifier: Apache-2.0 */
/* A life in a few lines: what is said of a case, and what comes of it: the work orders and the
 * receipts, each of them and no other. Questions to the desk (but for would_have) and orders that
 * end are left out unless `with_desk`: then a question stands under what it asks. */
#pragma once

#include "flow.h"

#define L "s110105001" /* whom the rules find */
#define N "s110105002" /* nobody in this case */
#define U "d_urban"
#define W "d_water"

#define MOST_SAID   40
#define MINUTE      60000LL
#define HOURS(n)    ((n)*60)
#define DAYS(n)     ((n)*24 * 60)
#define NAMED(unit) "{\"lead\":\"" unit "\"}"
#define HELPS(unit) "{\"co_unit\":\"" unit "\"}"
#define UPHELD      "{\"outcome\":\"upheld\"}"
#define REJECTED    "{\"outcome\":\"rejected\"}"

struct said { /* party NULL = a unit says it, as whatever it is */
    int64_t minute;
    const char *stage, *party, *unit, *data;
    const char *id;       /* NULL = of its own; the same one again is a repeat or a correction */
    const char *replayof; /* history */
    int revision;         /* a greater one corrects */
    bool at_once;         /* recorded at the very moment it names */
    int64_t heard;        /* recorded in that minute; 0 = right after its moment */
};

struct life {
    const char *cites, *title;
    struct said said[MOST_SAID];
    /* "kind unit" or "kind !unit" (anybody else), commas between; "" = none */
    const char *orders;
    const char *receipts; /* "reason/detail unit" */
    const char *texts[4]; /* of any record */
};

#define OPENED(...)                                                                                \
    {                                                                                              \
        .stage = "opened", .party = "source", .id = "o", ##__VA_ARGS__                             \
    }
#define UNIT(at, who, ...)                                                                         \
    {                                                                                              \
        .minute = (at), .unit = (who), .stage = __VA_ARGS__                                        \
    }
#define DESK(at, ...)                                                                              \
    {                                                                                              \
        .minute = (at), .party = "desk", .unit = "desk", .stage = __VA_ARGS__                      \
    }
#define CALLBACK(at, ...)                                                                          \
    {                                                                                              \
        .minute = (at), .party = "callback", .unit = "desk", .stage = __VA_ARGS__                  \
    }
#define TICK(at)                                                                                   \
    {                                                                                              \
        .minute = (at)                                                                             \
    }

static bool with_desk;

static inline void put_in(char *list, size_t size, const char *what, const char *unit)
{
    size_t len = strlen(list);
    snprintf(list + len, size - len, "%s%s %s", len ? ", " : "", what, unit);
}

static inline void take_word(const char *json, const char *member, char *word, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":\"", member);
    const char *at = strstr(json, key);
    word[0] = '\0';
    if (at)
        snprintf(word, size, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
}

/* An order to the desk that asks something, by what it asks. */
static inline void name_question(const struct kept *asked, char *kind, size_t size)
{
    char cause[64];
    take_word(asked->value, "desk_cause", cause, sizeof cause);
    if (strcmp(asked->suffix, "desk") == 0 && cause[0])
        snprintf(kind, size, "%s", cause);
}

static inline void collect(char *orders, char *receipts, size_t size)
{
    char kind[160], detail[64];
    orders[0] = receipts[0] = '\0';
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].stream == STREAM_RECEIPTS) {
            take_word(kept[i].value, "reason", kind, sizeof kind);
            take_word(kept[i].value, "detail", detail, sizeof detail);
            strcat(strcat(kind, "/"), detail);
            put_in(receipts, size, kind, kept[i].suffix);
        }
        if (kept[i].stream != STREAM_DISPATCH)
            continue;
        take_word(kept[i].value, "kind", kind, sizeof kind);
        bool asks = strcmp(kept[i].suffix, "desk") == 0 && strcmp(kind, "escalated") == 0 &&
                    !strstr(kept[i].value, "\"would_have\":");
        if (with_desk)
            name_question(&kept[i], kind, sizeof kind);
        bool told = with_desk || (!asks && strcmp(kind, "ended") != 0);
        if (told && strcmp(kind, "copied") != 0)
            put_in(orders, size, kind, kept[i].suffix);
    }
}

static inline bool is_one(struct span wanted, struct span got)
{
    struct span kind = span_cut(&wanted, ' '), other = span_cut(&got, ' ');
    if (!span_equal(kind, other))
        return false;
    if (wanted.len && wanted.at[0] == '!')
        return got.len && !span_equal(got, span_from(wanted.at + 1, wanted.len - 1));
    return span_equal(wanted, got);
}

static inline bool is_list(const char *wanted, const char *got)
{
    struct span a = span_of(wanted), b = span_of(got);
    while (a.len && b.len) {
        struct span one = span_cut(&a, ','), other = span_cut(&b, ',');
        if (!is_one(span_trim(one), span_trim(other)))
            return false;
    }
    return !a.len && !b.len;
}

static inline void say_one(struct case_flow *flow, const struct said *said, int number)
{
    char id[16], revision[80];
    snprintf(id, sizeof id, "f%d", number);
    snprintf(revision, sizeof revision, "%020d.001764000000000.000001.00000000000000aa",
             said->revision);
    int64_t at = NOON + said->minute * MINUTE;
    if (!said->stage) {
        tick(flow, at);
        return;
    }
    bool opens = strcmp(said->stage, "opened") == 0;
    tell(flow, (struct told){.id = said->id ? said->id : id,
                             .stage = said->stage,
                             .party = said->party ? said->party : "lead",
                             .unit = said->unit,
                             .data = said->data ? said->data
                                     : opens    ? NULL
                                                : "{}",
                             .replayof = said->replayof,
                             .revision = revision,
                             .time_ms = at,
                             .recorded_ms = said->heard     ? NOON + said->heard * MINUTE
                                            : said->at_once ? at
                                                            : at + 1000});
}

static inline void live(const struct life *life, bool restarts)
{
    static char orders[8192], receipts[8192];
    struct case_flow *flow = begin();
    for (int i = 0; i < MOST_SAID && (life->said[i].stage || life->said[i].minute); i++) {
        say_one(flow, &life->said[i], i);
        if (restarts) {
            struct kept *said = xmalloc((kept_count + 1) * sizeof *said);
            size_t count = kept_count;
            memcpy(said, kept, count * sizeof *said);
            flow = restart(flow);
            memcpy(kept, said, count * sizeof *said);
            kept_count = count;
            free(said);
        }
    }
    collect(orders, receipts, sizeof orders);
    if (!is_list(life->orders, orders))
        fail_msg("%s (%s): orders\n  %s\nnot\n  %s", life->title, life->cites, orders,
                 life->orders);
    if (!is_list(life->receipts, receipts))
        fail_msg("%s (%s): receipts\n  %s\nnot\n  %s", life->title, life->cites, receipts,
                 life->receipts);
    for (size_t t = 0; t < ARRAY_LENGTH(life->texts) && life->texts[t]; t++) {
        bool found = false;
        for (size_t i = 0; i < kept_count && !found; i++)
            found = strstr(kept[i].value, life->texts[t]) != NULL;
        if (!found)
            fail_msg("%s (%s): nothing says %s", life->title, life->cites, life->texts[t]);
    }
    assert_int_equal(case_flow_counts(flow).dead, 0);
    case_flow_close(flow);
}

static inline void live_all(const struct life *lives, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int restarts = 0; restarts < 2; restarts++)
            live(&lives[i], restarts);
    print_message("%zu lives\n", count);
}
