/* SPDX-License-Identifier: Apache-2.0 */
/* The table of planned accidents. Read once from the environment at the first failpoint; afterwards
 * entries only count, atomically, because the transaction worker passes failpoints too. Compiled
 * away without CITYBRAIN_FAILPOINTS. */
#include "daemon/failpoint.h"

#ifdef CITYBRAIN_FAILPOINTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"
#include "daemon/log.h"

enum action { ACTION_EXIT, ACTION_STOP, ACTION_SLEEP, ACTION_ERROR };

struct entry {
    char name[64];
    enum action action;
    int64_t sleep_ms;
    int64_t after;
    atomic_llong passes;
};

enum { MAX_ENTRIES = 32, MAX_SLEEP_MS = 600000 };
static struct entry entries[MAX_ENTRIES];
static atomic_size_t entry_count;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static bool parse_action(struct entry *entry, struct span word)
{
    if (span_is(word, "exit"))
        entry->action = ACTION_EXIT;
    else if (span_is(word, "stop"))
        entry->action = ACTION_STOP;
    else if (span_is(word, "error"))
        entry->action = ACTION_ERROR;
    else if (word.len > 6 && memcmp(word.at, "sleep=", 6) == 0)
        entry->action = ACTION_SLEEP;
    else
        return false;
    if (entry->action != ACTION_SLEEP)
        return true;
    return span_to_int64(span_from(word.at + 6, word.len - 6), &entry->sleep_ms) &&
           entry->sleep_ms >= 0 && entry->sleep_ms <= MAX_SLEEP_MS;
}

static bool parse_entry(struct entry *entry, struct span text)
{
    struct span name = span_cut(&text, ':');

    if (name.len == 0 || name.len >= sizeof(entry->name) || !text.at)
        return false;
    span_to_cstr(name, entry->name, sizeof(entry->name));
    if (!parse_action(entry, span_cut(&text, ':')))
        return false;
    entry->after = 0;
    atomic_store(&entry->passes, 0);
    return !text.at || (span_to_int64(text, &entry->after) && entry->after >= 0);
}

static bool parse(const char *text)
{
    struct span rest = span_of(text);
    size_t count = 0;

    atomic_store(&entry_count, 0);
    while (rest.at && rest.len > 0) {
        struct span one = span_trim(span_cut(&rest, ','));
        if (count == MAX_ENTRIES || !parse_entry(&entries[count], one))
            return false;
        count++;
    }
    atomic_store(&entry_count, count);
    return true;
}

static void load_environment(void)
{
    const char *text = getenv("CITYBRAIN_FAILPOINTS");

    if (text && !parse(text)) {
        log_error("failpoint.unreadable", LOG_STR("text", text));
        _exit(EX_CONFIG);
    }
}

static void ignore_environment(void)
{
}

static bool act(const struct entry *entry)
{
    switch (entry->action) {
    case ACTION_EXIT: raise(SIGKILL); break;
    case ACTION_STOP: raise(SIGSTOP); break;
    case ACTION_SLEEP: {
        struct timespec wait = {entry->sleep_ms / 1000, (entry->sleep_ms % 1000) * 1000000};
        nanosleep(&wait, NULL);
        break;
    }
    case ACTION_ERROR: return true;
    }
    return false;
}

static bool is_due(struct entry *entry)
{
    long long pass = atomic_fetch_add(&entry->passes, 1);

    return entry->action == ACTION_STOP ? pass == entry->after : pass >= entry->after;
}

bool failpoint(const char *name)
{
    bool fail = false;

    pthread_once(&loaded, load_environment);
    size_t count = atomic_load(&entry_count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].name, name) == 0 && is_due(&entries[i]) && act(&entries[i]))
            fail = true;
    return fail;
}

bool failpoint_load(const char *text)
{
    pthread_once(&loaded, ignore_environment);
    return parse(text);
}

#endif
