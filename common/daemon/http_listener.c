/* SPDX-License-Identifier: Apache-2.0 */
/* A socket that is closed with bytes unread sends a reset, and a reset may overtake the answer: so
 * who is refused is told, and closed a second later. */
#include "daemon/http_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define AT_ONCE   64 /* connections a turn of the loop takes */
#define BACKLOG   511
#define LINGER_MS 1000
#define MOST_READ 64 /* times */

/* "127.0.0.1:8080" or "[::1]:8080"; names are not resolved. */
static bool parse_address(const char *listen_at, struct sockaddr_storage *address, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)address;
    const char *colon = strrchr(listen_at, ':');
    char host[64];
    int64_t port;

    if (!colon || !span_to_int64(span_of(colon + 1), &port) || port < 0 || port > 65535)
        return false;
    struct span name = span_from(listen_at, (size_t)(colon - listen_at));
    bool bracket = name.len > 2 && name.at[0] == '[' && name.at[name.len - 1] == ']';
    if (bracket)
        name = span_from(name.at + 1, name.len - 2);
    if (name.len >= sizeof host)
        return false;
    span_to_cstr(name, host, sizeof host);
    *size = bracket ? sizeof *v6 : sizeof *v4;
    address->ss_family = bracket ? AF_INET6 : AF_INET;
    if (bracket)
        v6->sin6_port = htons((uint16_t)port);
    else
        v4->sin_port = htons((uint16_t)port);
    return bracket ? inet_pton(AF_INET6, host, &v6->sin6_addr) == 1
                   : inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static int open_socket(const char *listen_at, struct error *error)
{
    struct sockaddr_storage address = {0};
    socklen_t size;
    int one = 1;

    if (!parse_address(listen_at, &address, &size)) {
        error_set(error, ERROR_CONFIG, 0,
                  "\"%s\" is no address to listen on; write 127.0.0.1:8080 or [::1]:8080",
                  listen_at);
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error_set(error, ERROR_RETRY, errno, "cannot listen on %s: %s; is another daemon there?",
              listen_at, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The port lies at the same place in both families' addresses. */
static int port_of(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    return ntohs(address.sin6_port);
}

/* What is unread when a socket is closed makes the reset. */
static void close_read(int fd)
{
    char waste[4096];

    for (int i = 0; i < MOST_READ && recv(fd, waste, sizeof waste, MSG_DONTWAIT) > 0; i++)
        ;
    close(fd);
}

static void accept_some(struct http_listener *listener)
{
    for (int i = 0; i < AT_ONCE && listener->fd >= 0; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd =
            accept4(listener->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(listener->context, fd, &from, size);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            uv_poll_stop(&listener->poll); /* until http_listener_resume */
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct http_listener *listener = container_of(poll, struct http_listener, poll);
    int64_t began = cpu_meter_begin(listener->meter);

    (void)status;
    (void)events;
    accept_some(listener);
    cpu_meter_end(listener->meter, began);
}

bool http_listener_open(struct http_listener *listener, uv_loop_t *loop, const char *listen_at,
                        http_accepted_fn *accepted, void *context, struct error *error)
{
    *listener = (struct http_listener){.accepted = accepted, .context = context};
    listener->fd = open_socket(listen_at, error);
    if (listener->fd < 0)
        return false;
    listener->port = port_of(listener->fd);
    uv_poll_init(loop, &listener->poll, listener->fd);
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    return true;
}

void http_listener_stop(struct http_listener *listener)
{
    if (listener->fd < 0)
        return;
    on_readable(&listener->poll, 0, UV_READABLE); /* who is in the queue would get a reset */
    uv_poll_stop(&listener->poll);
    close(listener->fd);
    listener->fd = -1;
}

void http_listener_resume(struct http_listener *listener)
{
    if (listener->fd >= 0 && !uv_is_active((uv_handle_t *)&listener->poll))
        uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

void http_listener_refuse(struct http_listener *listener, int fd, struct span answer,
                          int64_t now_ms)
{
    size_t slot = listener->next++ % HTTP_LISTENER_REFUSED;

    (void)!send(fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    if (listener->refused[slot].fd)
        close_read(listener->refused[slot].fd);
    listener->refused[slot].fd = fd;
    listener->refused[slot].at_ms = now_ms;
}

bool http_listener_sweep(struct http_listener *listener, int64_t now_ms)
{
    bool quiet = listener->fd < 0 || uv_is_active((uv_handle_t *)&listener->poll);

    for (size_t i = 0; i < HTTP_LISTENER_REFUSED; i++) {
        if (!listener->refused[i].fd)
            continue;
        if (now_ms - listener->refused[i].at_ms < LINGER_MS) {
            quiet = false;
            continue;
        }
        close_read(listener->refused[i].fd);
        listener->refused[i].fd = 0;
    }
    return quiet;
}
