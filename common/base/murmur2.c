/* SPDX-License-Identifier: Apache-2.0 */
/* The 32-bit MurmurHash2 that Kafka's Java client partitions by. Java's int arithmetic wraps, so
 * all of it is uint32_t here; bytes are read one by one because keys are not aligned. */
#include "base/murmur2.h"

#define SEED       0x9747b28cU
#define MULTIPLIER 0x5bd1e995U
#define SHIFT      24

static uint32_t byte_at(const char *at, int shift)
{
    return (uint32_t)(unsigned char)*at << shift;
}

uint32_t murmur2(struct span key)
{
    uint32_t hash = SEED ^ (uint32_t)key.len;
    const char *at = key.at;
    size_t left = key.len;

    for (; left >= 4; at += 4, left -= 4) {
        uint32_t word =
            byte_at(at, 0) | byte_at(at + 1, 8) | byte_at(at + 2, 16) | byte_at(at + 3, 24);
        word *= MULTIPLIER;
        word ^= word >> SHIFT;
        hash = (hash * MULTIPLIER) ^ (word * MULTIPLIER);
    }
    if (left == 3)
        hash ^= byte_at(at + 2, 16);
    if (left >= 2)
        hash ^= byte_at(at + 1, 8);
    if (left >= 1)
        hash = (hash ^ byte_at(at, 0)) * MULTIPLIER;

    hash ^= hash >> 13;
    hash *= MULTIPLIER;
    return hash ^ (hash >> 15);
}

int32_t murmur2_partition(struct span key, int32_t partitions)
{
    return (int32_t)(murmur2(key) & 0x7fffffffU) % partitions;
}
