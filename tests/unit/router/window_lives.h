/* SPDX-License-Identifier: Apache-2.0 */
/* Small lives of one trigger, each told four times: as it is; every fact twice; with a restart
 * after every line; and followed by a replay of all its facts. What fires must be the same. */
#pragma once

#include "windows.h"

enum { MOST_LINES = 220 };

struct life {
    const char *name;
    const char *cites; /* what is expected follows it: an article of the regulation, DESIGN, a page
                          of docs/decisions */
    const char *trigger;
    const char *script;   /* lines */
    const char *expected; /* lines */
};

enum telling { AS_IT_IS, TWICE, RESTARTED, REPLAYED, TELLINGS };
static const char *const tellings[] = {"as it is", "twice", "restarted", "replayed"};

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

static inline void tell_life(const struct life *life, enum telling telling, struct strbuf *fired)
{
    char copy[8192], *lines[MOST_LINES];
    size_t count = split(life->script, copy, sizeof copy, lines);
    struct triggers *loaded = triggers_of(life->trigger);
    if (!loaded)
        fail_msg("%s: %s", life->name, complaint);
    begin(loaded);
    for (size_t i = 0; i < count; i++) {
        obey(lines[i]);
        if (telling == TWICE)
            obey(lines[i]);
        if (telling == RESTARTED)
            restart();
    }
    for (size_t i = 0; telling == REPLAYED && i < count; i++)
        if (strncmp(lines[i], "tick", 4) != 0)
            obey(lines[i]);
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
