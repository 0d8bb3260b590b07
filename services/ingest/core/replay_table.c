/* SPDX-License-Identifier: Apache-2.0 */
/* A ring in order of arrival, which is the order of forgetting, threaded by a hash table's chains.
 *
 *   ring[first .. first + count)   remembered, oldest first
 *   over                           how many of them are beyond their place's part
 *
 * Ids are told apart by 64 bits of a keyed hash: of a full table that is asked 400 times a second,
 * two meet by chance in five thousand years. */
#include "ingest/core/replay_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/memory.h"

#define PLACES 1024
#define NOBODY UINT32_MAX

struct entry {
    uint64_t hash;
    uint32_t since_s; /* of the table's own time */
    uint32_t next;    /* in the chain: an older one, or NOBODY */
    uint16_t place;
};

struct replay_table {
    struct entry *ring; /* owned */
    uint32_t *chains;   /* owned: youngest of each, or NOBODY */
    size_t capacity, chain_count, first, count, over, part;
    int64_t begun_ms, now_ms;
    uint32_t held[PLACES];
    unsigned char seed[REPLAY_TABLE_SEED];
};

struct replay_table *replay_table_new(size_t capacity, const unsigned char seed[REPLAY_TABLE_SEED])
{
    struct replay_table *table = xcalloc(1, sizeof *table);
    if (capacity < REPLAY_TABLE_LEAST)
        capacity = REPLAY_TABLE_LEAST;
    table->capacity = capacity;
    table->part = capacity / 2 / PLACES;
    for (table->chain_count = 1; table->chain_count < capacity;)
        table->chain_count *= 2;
    table->ring = xcalloc(capacity, sizeof *table->ring);
    table->chains = xmalloc(table->chain_count * sizeof *table->chains);
    memset(table->chains, 0xff, table->chain_count * sizeof *table->chains);
    memcpy(table->seed, seed, sizeof table->seed);
    table->begun_ms = INT64_MIN;
    return table;
}

void replay_table_free(struct replay_table *table)
{
    if (table == NULL)
        return;
    free(table->ring);
    free(table->chains);
    free(table);
}

static uint32_t *chain_of(const struct replay_table *table, uint64_t hash)
{
    return &table->chains[hash & (table->chain_count - 1)];
}

static uint64_t hash_of(const struct replay_table *table, struct span station, struct span message)
{
    const struct span parts[] = {station, SPAN("\n"), message};
    unsigned char mac[DIGEST_BYTES];
    uint64_t hash;
    digest_hmac(mac, span_from((const char *)table->seed, sizeof table->seed), parts, 3);
    memcpy(&hash, mac, sizeof hash);
    return hash;
}

/* The oldest is the last of its chain. */
static void forget_oldest(struct replay_table *table)
{
    uint32_t oldest = (uint32_t)table->first;
    struct entry *entry = &table->ring[oldest];
    uint32_t *link = chain_of(table, entry->hash);
    while (*link != oldest)
        link = &table->ring[*link].next;
    *link = NOBODY;
    table->over -= table->held[entry->place] > table->part;
    table->held[entry->place]--;
    table->first = (table->first + 1) % table->capacity;
    table->count--;
}

/* Seconds from the first call; kept a second longer rather than shorter. */
static uint32_t age(struct replay_table *table, int64_t now_ms)
{
    if (table->begun_ms == INT64_MIN)
        table->begun_ms = table->now_ms = now_ms;
    if (now_ms > table->now_ms)
        table->now_ms = now_ms;
    uint32_t now_s = (uint32_t)((table->now_ms - table->begun_ms) / 1000);
    while (table->count > 0 &&
           now_s - table->ring[table->first].since_s > REPLAY_TABLE_KEEP_MS / 1000)
        forget_oldest(table);
    return now_s;
}

enum replay replay_table_add(struct replay_table *table, struct span station, struct span message,
                             int64_t now_ms)
{
    uint32_t now_s = age(table, now_ms);
    uint64_t hash = hash_of(table, station, message);
    uint32_t *chain = chain_of(table, hash);
    uint16_t place = (uint16_t)(hash_span(station) % PLACES);
    for (uint32_t at = *chain; at != NOBODY; at = table->ring[at].next)
        if (table->ring[at].hash == hash)
            return REPLAY_SEEN;
    bool beyond = table->held[place] >= table->part;
    if (beyond && table->over >= table->capacity / 2)
        return REPLAY_NO_ROOM;
    uint32_t free_at = (uint32_t)((table->first + table->count) % table->capacity);
    table->ring[free_at] =
        (struct entry){.hash = hash, .since_s = now_s, .next = *chain, .place = place};
    *chain = free_at;
    table->held[place]++;
    table->over += beyond;
    table->count++;
    return REPLAY_NEW;
}

size_t replay_table_count(const struct replay_table *table)
{
    return table->count;
}
