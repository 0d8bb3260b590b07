/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd -> uv_poll -> drain. The library signals only when a queue goes from empty to not empty,
 * so a drain that stops at its budget must re-arm itself: an idle handle does, and lets timers and
 * sockets in between. The eventfd is non-blocking: a blocking one can deadlock the library inside
 * its queue lock. */
#include "kafka/wakeup.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_again(uv_idle_t *idle)
{
    struct wakeup *wakeup = idle->data;
    if (!wakeup->drain(wakeup->context) && !uv_is_closing((uv_handle_t *)idle))
        uv_idle_stop(idle);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct wakeup *wakeup = poll->data;
    uint64_t count;
    ssize_t got = read(wakeup->fd, &count, sizeof(count));
    (void)got; /* EAGAIN: somebody read it before us; the drain is harmless */
    if (wakeup->drain(wakeup->context))
        wakeup_again(wakeup);
}

bool wakeup_open(struct wakeup *wakeup, uv_loop_t *loop, rd_kafka_queue_t *queue,
                 wakeup_drain_fn *drain, void *context, struct error *error)
{
    static const uint64_t one = 1;
    wakeup->drain = drain;
    wakeup->context = context;
    wakeup->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wakeup->fd < 0)
        return error_set(error, ERROR_FATAL, errno, "eventfd: %s", strerror(errno));
    int code = uv_poll_init(loop, &wakeup->poll, wakeup->fd);
    if (code)
        return error_set(error, ERROR_FATAL, code, "uv_poll_init: %s", uv_strerror(code));
    uv_idle_init(loop, &wakeup->again);
    wakeup->poll.data = wakeup->again.data = wakeup;
    uv_poll_start(&wakeup->poll, UV_READABLE, on_readable);
    rd_kafka_queue_io_event_enable(queue, wakeup->fd, &one, sizeof(one));
    rd_kafka_queue_destroy(queue);
    wakeup_again(wakeup);
    return true;
}

void wakeup_again(struct wakeup *wakeup)
{
    if (!uv_is_closing((uv_handle_t *)&wakeup->again))
        uv_idle_start(&wakeup->again, on_again);
}

static void on_closed(uv_handle_t *handle)
{
    struct wakeup *wakeup = handle->data;
    if (--wakeup->closing == 0 && wakeup->closed)
        wakeup->closed(wakeup->context);
}

void wakeup_close(struct wakeup *wakeup, void (*closed)(void *context))
{
    wakeup->closing = 2;
    wakeup->closed = closed;
    uv_close((uv_handle_t *)&wakeup->poll, on_closed);
    uv_close((uv_handle_t *)&wakeup->again, on_closed);
}

void wakeup_fini(struct wakeup *wakeup)
{
    close(wakeup->fd);
}
