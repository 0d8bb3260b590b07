/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes to our HTTP server over a real connection, sent in two pieces: it answers with HTTP or
 * not at all, a handler sees no more than its route allows, and the next client is served. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "daemon/http_server.h"
#include "fuzz.h"

#define GOOD     "POST /items/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
#define TURNS    2000
#define MAX_BODY 100

static struct {
    uv_loop_t loop;
    struct http_server *server;
    int handled;
    char answer[65536];
    size_t answer_len;
} world;

static void post_item(void *context, struct http_request *request)
{
    (void)context;
    struct span body = http_request_body(request), part = http_request_part(request, 0);
    world.handled++;
    HOLDS(body.len <= MAX_BODY && part.len > 0);
    HOLDS(http_request_target(request).len > 0);
    http_request_query(request, "q");
    http_request_language(request);
    http_request_answer(request, &(struct http_answer){.status = 200,
                                                       .content_type = "application/octet-stream",
                                                       .body = body});
}

static void on_inner(void *context, const struct http_answer *answer)
{
    http_request_answer(context, answer);
}

/* What a parameter says is asked inside, and perhaps asks once more. */
static void ask_inside(void *context, struct http_request *request)
{
    struct span target = http_request_query(request, "ask");
    (void)context;
    http_request_ask(request, target.at ? target : SPAN("/items/1?q=1"), on_inner, request);
}

static const struct http_route routes[] = {{"POST", "/items/{id}", MAX_BODY, post_item, NULL},
                                           {"GET", "/items/{id}", 0, post_item, NULL},
                                           {"GET", "/inside", 0, ask_inside, NULL}};

static void set_up(void)
{
    static struct http_limits limits;
    struct error error = {0};
    limits = http_limits_default;
    limits.per_address = 0;
    limits.requests = 1000;
    uv_loop_init(&world.loop);
    world.server = http_server_open_limited(&world.loop, "127.0.0.1:0", routes,
                                            ARRAY_LENGTH(routes), &limits, &error);
    HOLDS(world.server != NULL);
}

static void turn(void)
{
    uv_run(&world.loop, UV_RUN_NOWAIT);
}

/* The fuzzer's alarm interrupts it, and where others use up the ports of this machine one is free
 * again soon. */
static bool connect_to(int fd, const struct sockaddr_in *address)
{
    const struct timespec pause = {0, 50000000};
    for (int tries = 0; tries < 2400; tries++) {
        if (connect(fd, (const struct sockaddr *)(const void *)address, sizeof *address) == 0 ||
            errno == EISCONN)
            return true;
        if (errno != EINTR && errno != EALREADY && errno != EADDRNOTAVAIL && errno != EADDRINUSE)
            return false;
        nanosleep(&pause, NULL);
    }
    return false;
}

static int open_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(world.server))};
    struct linger linger = {1, 0}; /* or the ports of this machine would be used up in a minute */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    HOLDS(connect_to(fd, &address));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    return fd;
}

/* Sends while there is room, and keeps what comes meanwhile. False once the server has ended. */
static bool exchange(int fd, struct span *rest)
{
    if (rest->len > 0) {
        ssize_t sent = send(fd, rest->at, rest->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            *rest = span_from(rest->at + sent, rest->len - (size_t)sent);
        else if (errno != EAGAIN)
            *rest = span_from(rest->at, 0);
    }
    turn();
    size_t room = sizeof world.answer - 1 - world.answer_len;
    char sink[4096];
    ssize_t got = recv(fd, room > 0 ? world.answer + world.answer_len : sink,
                       room > 0 ? room : sizeof sink, MSG_DONTWAIT);
    if (got > 0 && room > 0)
        world.answer_len += (size_t)got;
    return got > 0 || (got < 0 && errno == EAGAIN);
}

static void send_all(int fd, struct span text)
{
    for (int i = 0; i < TURNS && text.len > 0; i++)
        if (!exchange(fd, &text))
            return;
}

/* A few turns in which nothing comes are the end. */
static void talk(struct span first, struct span second)
{
    struct span nothing = SPAN("");
    int fd = open_client();
    world.answer_len = 0;
    send_all(fd, first);
    turn();
    send_all(fd, second);
    shutdown(fd, SHUT_WR);
    size_t before = SIZE_MAX;
    for (int quiet = 0; quiet < 4 && exchange(fd, &nothing); quiet++)
        if (before != world.answer_len) {
            before = world.answer_len;
            quiet = 0;
        }
    close(fd);
    turn();
    world.answer[world.answer_len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_input(data, size);
    size_t cut = fuzz_choice(&input) * input.len / 255;
    if (world.server == NULL)
        set_up();
    talk(span_from(input.at, cut), span_from(input.at + cut, input.len - cut));
    HOLDS(world.answer_len == 0 || strncmp(world.answer, "HTTP/1.", 7) == 0);
    world.handled = 0;
    talk(SPAN(GOOD), SPAN(""));
    HOLDS(world.handled == 1);
    HOLDS(strncmp(world.answer, "HTTP/1.1 200 ", 13) == 0 &&
          strcmp(world.answer + world.answer_len - 2, "ok") == 0);
    return 0;
}
