/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket, and the last word to those who may not come in: a few bytes, and a moment
 * to read them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/error.h"
#include "base/span.h"
#include "daemon/cpu_meter.h"

enum { HTTP_LISTENER_REFUSED = 1024 };

typedef void http_accepted_fn(void *context, int fd, const struct sockaddr_storage *from,
                              socklen_t size);

struct http_listener {
    int fd, port;
    uv_poll_t poll;
    http_accepted_fn *accepted;
    void *context;
    struct cpu_meter *meter; /* borrowed; NULL = none */
    struct {
        int fd; /* 0 = none */
        int64_t at_ms;
    } refused[HTTP_LISTENER_REFUSED]; /* told why, not closed yet; a ring */
    size_t next;
};

bool http_listener_open(struct http_listener *listener, uv_loop_t *loop, const char *listen,
                        http_accepted_fn *accepted, void *context, struct error *error);
/* Nobody comes in any more; the poll handle is the caller's to close. */
void http_listener_stop(struct http_listener *listener);
/* After a pause, should there be one: nothing could be accepted for want of descriptors. */
void http_listener_resume(struct http_listener *listener);
void http_listener_refuse(struct http_listener *listener, int fd, struct span answer,
                          int64_t now_ms);
/* Closes whoever was refused more than a second ago; all of them where now_ms is INT64_MAX. True:
 * nothing is left to do, then and after a pause. */
bool http_listener_sweep(struct http_listener *listener, int64_t now_ms);
