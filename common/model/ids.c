/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts §2: what goes into an id, in which order. */
#include "model/ids.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void ids_event(char id[DIGEST_ID_LEN + 1], struct span namespace_, struct span number,
               struct span stage, const struct span *identity, size_t identity_count)
{
    struct span fields[3 + IDS_MOST_IDENTITY]; /* four kilobytes: not cleared for each event */
    assert(identity_count <= IDS_MOST_IDENTITY);
    size_t n = 0;
    fields[n++] = namespace_;
    fields[n++] = number;
    fields[n++] = stage;
    for (size_t i = 0; i < identity_count; i++)
        fields[n++] = identity[i];
    digest_id(id, fields, n);
}

void ids_decision(char id[DIGEST_ID_LEN + 1], struct span cause_id, struct span question)
{
    struct span fields[] = {cause_id, question};
    digest_id(id, fields, 2);
}

void ids_firing(char id[DIGEST_ID_LEN + 1], struct span trigger, struct span group,
                int64_t start_ms)
{
    char start[SPAN_DECIMAL];
    struct span fields[] = {SPAN("firing"), trigger, group, span_decimal(start, start_ms)};
    digest_id(id, fields, 4);
}

void ids_ledger(char id[DIGEST_ID_LEN + 1], struct span topic, int32_t partition,
                int64_t first_offset)
{
    char part[16], offset[24];
    snprintf(part, sizeof part, "%d", (int)partition);
    snprintf(offset, sizeof offset, "%lld", (long long)first_offset);
    struct span fields[] = {topic, span_of(part), span_of(offset)};
    digest_id(id, fields, 3);
}

void ids_refused(char id[DIGEST_ID_LEN + 1], struct span topic, int32_t partition,
                 int64_t first_offset, struct span station)
{
    char part[16], offset[24];
    snprintf(part, sizeof part, "%d", (int)partition);
    snprintf(offset, sizeof offset, "%lld", (long long)first_offset);
    struct span fields[] = {topic, span_of(part), span_of(offset), SPAN("refused"), station};
    digest_id(id, fields, 5);
}

static bool add_digits(char *at, struct span digits, size_t width)
{
    if (digits.len > width)
        return false;
    memset(at, '0', width);
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        at[width - digits.len + i] = digits.at[i];
    }
    return true;
}

static struct span decimal(char *buffer, size_t size, int64_t value)
{
    char *at = buffer + size;
    uint64_t left = value > 0 ? (uint64_t)value : 0;
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) && at > buffer);
    return span_from(at, (size_t)(buffer + size - at));
}

bool ids_revision(char revision[REVISION_LEN + 1], struct span source, int64_t received_ms,
                  int64_t mapping_version, struct span data_json)
{
    char received[24], mapping[24];
    bool good = add_digits(revision, source, 20) &&
                add_digits(revision + 21, decimal(received, sizeof received, received_ms), 15) &&
                add_digits(revision + 37, decimal(mapping, sizeof mapping, mapping_version), 6);
    revision[20] = revision[36] = revision[43] = '.';
    digest_hex16(revision + 44, data_json);
    return good;
}
