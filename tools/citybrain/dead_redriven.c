/* SPDX-License-Identifier: Apache-2.0 */
/* A letter that no mapping can bring back has no such record, and one that died again is there
 * again: its new letter is another. */
#include "citybrain/dead_redriven.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "citybrain/progress.h"
#include "kafka/log_search.h"

#define BEFORE_MS 60000 /* clocks being what they are */

struct letter_key {
    int64_t partition, offset; /* of one size: no bytes between them */
};

struct dead_redriven_letter {
    struct letter_key key;
    bool again;
    UT_hash_handle hh;
};

struct dead_redriven_topic {
    char *name; /* owned; with prefix */
    int64_t oldest_ms;
    UT_hash_handle hh;
};

static struct dead_redriven_letter *find(const struct dead_redriven *redriven, int64_t partition,
                                         int64_t offset)
{
    struct letter_key key = {partition, offset};
    struct dead_redriven_letter *letter = NULL;
    /* All of it is set. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    HASH_FIND(hh, redriven->letters, &key, sizeof key, letter);
    return letter;
}

static void ask_topic(struct dead_redriven *redriven, struct span name, int64_t at_ms)
{
    struct dead_redriven_topic *topic = NULL;
    HASH_FIND(hh, redriven->topics, name.at, name.len, topic);
    if (!topic) {
        topic = xcalloc(1, sizeof *topic);
        topic->name = xspandup(name);
        topic->oldest_ms = at_ms;
        HASH_ADD_KEYPTR(hh, redriven->topics, topic->name, name.len, topic);
    }
    topic->oldest_ms = at_ms < topic->oldest_ms ? at_ms : topic->oldest_ms;
}

void dead_redriven_ask(struct dead_redriven *redriven, const struct dead_letter *letter)
{
    if (!letter->value.at || !letter->header.topic.len ||
        find(redriven, letter->partition, letter->offset))
        return;
    struct dead_redriven_letter *asked = xcalloc(1, sizeof *asked);
    asked->key = (struct letter_key){letter->partition, letter->offset};
    HASH_ADD(hh, redriven->letters, key, sizeof asked->key, asked);
    ask_topic(redriven, letter->header.topic, letter->at_ms);
}

/* "1/234/2": partition and offset in `dead`, and which attempt it is. */
bool dead_redriven_read(const struct record *record, int64_t *partition, int64_t *offset)
{
    struct span rest = record_header(record, DEAD_REDRIVEN);
    return rest.at && span_to_int64(span_cut(&rest, '/'), partition) && rest.at &&
           span_to_int64(span_cut(&rest, '/'), offset);
}

void dead_redriven_take(struct dead_redriven *redriven, const struct record *record)
{
    int64_t partition, offset;
    if (!dead_redriven_read(record, &partition, &offset))
        return;
    struct dead_redriven_letter *letter = find(redriven, partition, offset);
    if (!letter || letter->again)
        return;
    letter->again = true;
    redriven->count++;
}

struct looking {
    struct dead_redriven *redriven;
    struct progress progress;
};

static bool take_record(void *context, const struct log_search_record *record)
{
    struct looking *looking = context;
    progress_show_late(&looking->progress, record->done, record->total);
    dead_redriven_take(looking->redriven, record->whole);
    return true;
}

static bool look_through(struct dead_redriven *redriven, const struct kafka_settings *settings,
                         const char *topic, int64_t since_ms, struct error *error)
{
    char what[256];
    struct looking looking = {.redriven = redriven};
    snprintf(what, sizeof what, "redriven, in %s", topic);
    progress_begin(&looking.progress, what, 1);
    bool good = log_search_since(settings, topic, since_ms, take_record, &looking, error);
    progress_end_late(&looking.progress, good ? "looked for" : "not read to its end");
    return good;
}

/* No letter was written again before there was one. */
bool dead_redriven_look(struct dead_redriven *redriven, const struct kafka_settings *settings,
                        struct error *error)
{
    size_t prefix = strlen(settings->prefix);
    for (struct dead_redriven_topic *topic = redriven->topics; topic; topic = topic->hh.next) {
        bool is_ours = strncmp(topic->name, settings->prefix, prefix) == 0;
        int64_t since_ms = topic->oldest_ms > BEFORE_MS ? topic->oldest_ms - BEFORE_MS : 0;
        if (is_ours && !look_through(redriven, settings, topic->name + prefix, since_ms, error))
            return false;
    }
    return true;
}

bool dead_redriven_is(const struct dead_redriven *redriven, const struct dead_letter *letter)
{
    const struct dead_redriven_letter *asked = find(redriven, letter->partition, letter->offset);
    return asked && asked->again;
}

void dead_redriven_fini(struct dead_redriven *redriven)
{
    struct dead_redriven_letter *letter, *next_letter;
    struct dead_redriven_topic *topic, *next_topic;
    HASH_ITER(hh, redriven->letters, letter, next_letter)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(redriven->letters, letter);
        free(letter);
    }
    HASH_ITER(hh, redriven->topics, topic, next_topic)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(redriven->topics, topic);
        free(topic->name);
        free(topic);
    }
}
