/* SPDX-License-Identifier: Apache-2.0 */
/* One query at a time; its answer is thrown away. Every thousand records or quarter of the queue:
 * measured, that keeps a bounded queue as fast as an unbounded one. */
#include "kafka/nudge.h"

#include <stdio.h>

#include "kafka/client.h"
#include "kafka/ends.h"

enum { EVERY_RECORDS = 1000, DRY_RECORDS = 64, TIMEOUT_MS = 1000 };

bool nudge_is_needed(void)
{
    return !kafka_client_knows("fetch.queue.backoff.ms", "1");
}

void nudge_init(struct nudge *nudge, uv_loop_t *loop, rd_kafka_t *consumer, int64_t queued_bytes)
{
    *nudge = (struct nudge){.loop = loop, .consumer = consumer, .needed = nudge_is_needed()};
    nudge->most_bytes = queued_bytes / 4;
}

bool nudge_count(struct nudge *nudge, size_t bytes)
{
    nudge->records++;
    nudge->bytes += (int64_t)bytes;
    return nudge->needed && !nudge->under_way &&
           (nudge->records >= EVERY_RECORDS || nudge->bytes >= nudge->most_bytes);
}

bool nudge_dry(const struct nudge *nudge)
{
    return nudge->needed && !nudge->under_way && nudge->records >= DRY_RECORDS;
}

static void ask(uv_work_t *work)
{
    struct nudge *nudge = work->data;
    int64_t end;
    struct error error;
    (void)ends_ask_one(nudge->consumer, nudge->topic, nudge->partition, ENDS_LAST, TIMEOUT_MS, &end,
                       &error);
}

static void asked(uv_work_t *work, int status)
{
    (void)status;
    struct nudge *nudge = work->data;
    nudge->under_way = false;
    if (nudge->stopped)
        nudge->stopped(nudge->stopped_context);
}

void nudge_send(struct nudge *nudge, const char *topic, int32_t partition)
{
    nudge->records = nudge->bytes = 0;
    nudge->turn++;
    snprintf(nudge->topic, sizeof(nudge->topic), "%s", topic);
    nudge->partition = partition;
    nudge->work.data = nudge;
    nudge->under_way = uv_queue_work(nudge->loop, &nudge->work, ask, asked) == 0;
}

void nudge_stop(struct nudge *nudge, void (*stopped)(void *context), void *context)
{
    nudge->needed = false;
    nudge->stopped = stopped;
    nudge->stopped_context = context;
    if (!nudge->under_way)
        stopped(context);
}
