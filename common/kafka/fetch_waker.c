/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/fetch_waker.h"

#include <stdlib.h>
#include <uv.h>

#include "base/memory.h"
#include "kafka/ends.h"

enum { TIMEOUT_MS = 1000 };

struct fetch_waker {
    rd_kafka_t *consumer; /* borrowed */
    uv_thread_t thread;
    uv_mutex_t lock; /* of what follows */
    uv_cond_t told;
    const char *topic; /* borrowed; NULL = nobody is to be asked */
    int32_t partition;
    bool stop;
};

/* With the lock; given up while it asks. */
static void ask(struct fetch_waker *waker)
{
    int64_t end;
    struct error error;
    const char *topic = waker->topic;
    int32_t partition = waker->partition;
    uv_mutex_unlock(&waker->lock);
    (void)ends_ask_one(waker->consumer, topic, partition, ENDS_LAST, TIMEOUT_MS, &end, &error);
    uv_mutex_lock(&waker->lock);
    waker->topic = NULL;
}

static void run(void *context)
{
    struct fetch_waker *waker = context;
    uv_mutex_lock(&waker->lock);
    while (!waker->stop) {
        if (waker->topic)
            ask(waker);
        else
            uv_cond_wait(&waker->told, &waker->lock);
    }
    uv_mutex_unlock(&waker->lock);
}

struct fetch_waker *fetch_waker_new(rd_kafka_t *consumer)
{
    struct fetch_waker *waker = xcalloc(1, sizeof *waker);
    waker->consumer = consumer;
    if (uv_mutex_init(&waker->lock) != 0 || uv_cond_init(&waker->told) != 0 ||
        uv_thread_create(&waker->thread, run, waker) != 0)
        abort(); /* no thread: nothing here would go on */
    return waker;
}

void fetch_waker_wake(struct fetch_waker *waker, const char *topic, int32_t partition)
{
    uv_mutex_lock(&waker->lock);
    if (!waker->topic) {
        waker->topic = topic;
        waker->partition = partition;
        uv_cond_signal(&waker->told);
    }
    uv_mutex_unlock(&waker->lock);
}

void fetch_waker_free(struct fetch_waker *waker)
{
    if (!waker)
        return;
    uv_mutex_lock(&waker->lock);
    waker->stop = true;
    uv_cond_signal(&waker->told);
    uv_mutex_unlock(&waker->lock);
    uv_thread_join(&waker->thread);
    uv_mutex_destroy(&waker->lock);
    uv_cond_destroy(&waker->told);
    free(waker);
}
