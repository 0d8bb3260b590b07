/* SPDX-License-Identifier: Apache-2.0 */
/* Small lives of one trigger, each told five times: as it is; every fact twice; with a restart
 * after every line; followed by a replay of all its facts; and with all facts before all ticks, the
 * last one first, as from partitions that are read at different speeds. What fires must be the
 * same. */
#pragma once

#include "windows.h"

enum { MOST_LINES = 220 };

struct life {
    const char *name; /* with _in_order what hangs on it: a fact is told anew between ticks, or each
                         is judged as it comes */
    const char *cites; /* what is expected follows it: an article of the regulation, DESIGN, a page
                          of docs/decisions */
    const char *trigger;
    const char *script;   /* lines */
    const char *expected; /* lines */
};

enum telling { AS_IT_IS, TWICE, RESTARTED, REPLAYED, SKEWED, TELLINGS };
static const char *const tellings[] = {"as it is", "twice", "restarted", "replayed", "skewed"};

static inline size_t split(const char *script, char *copy, size_t size, char **lines)
{
    size_t count = 0;
    char *save = NULL;
    snprintf(copy, size, "%s", script);
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_true(count < MOST_LINES);
        lines[count++] = line;
    }
    return count;
}

static inline bool is_fact(const char *line)
{
    return strncmp(line, "tick", 4) != 0 && strcmp(line, "now") != 0;
}

/* When the fact of that line was received. */
static inline int64_t receipt_of(const char *line)
{
    char time[64] = "";
    const char *told = strstr(line, " told=");
    assert_int_equal(sscanf(told ? told + 6 : line, told ? "%63s" : "%*s %*s %63s", time), 1);
    return at(time);
}

/* Of one event? Its revisions come from one partition. */
static inline bool is_same_event(const char *line, const char *other)
{
    char id[64] = "", other_id[64] = "";
    sscanf(line, "%*s %63s", id);
    sscanf(other, "%*s %63s", other_id);
    return strcmp(id, other_id) == 0;
}

/* All facts, the last one first; then the clock, as it would have gone. */
static inline void tell_skewed(char *const *lines, size_t count)
{
    bool told[MOST_LINES] = {false};
    for (size_t i = count; i-- > 0;)
        for (size_t k = 0; k <= i && is_fact(lines[i]); k++)
            if (!told[k] && is_fact(lines[k]) && is_same_event(lines[i], lines[k])) {
                told[k] = true;
                obey(lines[k]);
            }
    newest_ms = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_fact(lines[i]))
            obey(lines[i]);
        else if (receipt_of(lines[i]) > newest_ms)
            newest_ms = receipt_of(lines[i]);
    }
}

static inline void tell_in_order(char *const *lines, size_t count, enum telling telling)
{
    for (size_t i = 0; i < count; i++) {
        obey(lines[i]);
        if (telling == TWICE)
            obey(lines[i]);
        if (telling == RESTARTED)
            restart();
    }
    for (size_t i = 0; telling == REPLAYED && i < count; i++)
        if (is_fact(lines[i]))
            obey(lines[i]);
}

static inline void tell_life(const struct life *life, enum telling telling, struct strbuf *fired)
{
    char copy[8192], *lines[MOST_LINES];
    size_t count = split(life->script, copy, sizeof copy, lines);
    struct triggers *loaded = triggers_of(life->trigger);
    if (!loaded)
        fail_msg("%s: %s", life->name, complaint);
    begin(loaded);
    if (telling == SKEWED && !strstr(life->name, "_in_order"))
        tell_skewed(lines, count);
    else
        tell_in_order(lines, count, telling);
    read_firings(fired);
    end();
}

static inline void lives_fire_as_expected(const struct life *lives, size_t count)
{
    struct strbuf fired;
    size_t wrong = 0;
    strbuf_init(&fired, 1024, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(lives[i].cites[0]);
        for (int telling = AS_IT_IS; telling < TELLINGS; telling++) {
            tell_life(&lives[i], (enum telling)telling, &fired);
            if (span_is(strbuf_span(&fired), lives[i].expected))
                continue;
            print_error("%s, %s:\n expected %s\n came     %s\n", lives[i].name, tellings[telling],
                        lives[i].expected, fired.at);
            wrong++;
        }
    }
    strbuf_fini(&fired);
    print_message("%zu lives, each told in %d ways\n", count, TELLINGS);
    assert_int_equal(wrong, 0);
}
