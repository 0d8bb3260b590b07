/* SPDX-License-Identifier: Apache-2.0 */
/* A small blocking HTTP client for tests: one connection, several exchanges, in a thread of its own
 * while the test's thread runs the loop. Assertions are made afterwards, in the test's thread. */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

struct exchange {
    const char *send; /* as it goes over the wire */
    size_t send_len;  /* 0 = strlen(send) */
    bool leave;       /* close without reading an answer */
    int status;       /* of the answer; 0 = none came */
    char head[2048];
    char body[4096];
};

struct client {
    int port;
    struct exchange *exchanges;
    size_t count;
    bool ended; /* the server closed after the last answer */
    uv_async_t done;
};

static int client_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool client_send(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* One answer: its head up to the empty line, then Content-Length bytes. */
static void client_read(int fd, struct exchange *exchange)
{
    size_t len = 0, body = 0, want = 0;
    while (len + 1 < sizeof exchange->head && !strstr(exchange->head, "\r\n\r\n")) {
        if (recv(fd, exchange->head + len, 1, 0) <= 0)
            return;
        exchange->head[++len] = '\0';
    }
    if (sscanf(exchange->head, "HTTP/1.%*d %d", &exchange->status) != 1)
        return;
    const char *length = strcasestr(exchange->head, "\r\nContent-Length:");
    if (length && !strstr(exchange->send, "HEAD "))
        want = strtoul(length + 17, NULL, 10);
    while (body < want) { /* what has no room is read all the same */
        static __thread char rest[4096];
        size_t room = body + 1 < sizeof exchange->body ? sizeof exchange->body - 1 - body : 0;
        size_t most = room > 0 ? room : sizeof rest;
        ssize_t got = recv(fd, room > 0 ? exchange->body + body : rest,
                           want - body < most ? want - body : most, 0);
        if (got <= 0)
            return;
        body += (size_t)got;
    }
}

static void *client_thread(void *context)
{
    struct client *client = context;
    int fd = client_connect(client->port);
    bool leave = false;
    for (size_t i = 0; fd >= 0 && i < client->count && !leave; i++) {
        struct exchange *exchange = &client->exchanges[i];
        size_t len = exchange->send_len ? exchange->send_len : strlen(exchange->send);
        client_send(fd, exchange->send, len);
        leave = exchange->leave;
        if (!leave)
            client_read(fd, exchange);
    }
    char byte;
    if (fd >= 0 && !leave) {
        /* An end that was announced is waited for. */
        const char *head = client->exchanges[client->count - 1].head;
        struct timeval moment = {.tv_usec = 2000};
        if (strstr(head, "Connection: close"))
            moment = (struct timeval){.tv_sec = 5};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
        client->ended = recv(fd, &byte, 1, 0) == 0;
    }
    if (fd >= 0)
        close(fd);
    uv_async_send(&client->done);
    return NULL;
}

static void client_is_done(uv_async_t *async)
{
    uv_close((uv_handle_t *)async, NULL);
    uv_stop(async->loop);
}

/* Runs the loop until the client has done all its exchanges. True: the server closed at the end. */
__attribute__((unused)) static bool client_run(uv_loop_t *loop, int port,
                                               struct exchange *exchanges, size_t count)
{
    struct client client = {.port = port, .exchanges = exchanges, .count = count};
    pthread_t thread;
    uv_async_init(loop, &client.done, client_is_done);
    pthread_create(&thread, NULL, client_thread, &client);
    uv_run(loop, UV_RUN_DEFAULT);
    pthread_join(thread, NULL);
    uv_run(loop, UV_RUN_NOWAIT); /* the async handle's close */
    return client.ended;
}
