/* SPDX-License-Identifier: Apache-2.0 */
/* A door over the mock cluster, with settings of its own; one for all tests of a program: it is
 * made to live as long as its process. */
#pragma once

#include <stdlib.h>

#include "daemon/log.h"
#include "ingest/doors.h"

#include "../unit/daemon/http_client.h"
#include "kafka_mock.h"

struct ingest_door {
    struct kafka_mock mock;
    struct options options;
    struct ingest_config config;
    struct ingest_clock clock;
    struct daemon *daemon;
    struct doors *doors;
    char brokers[128];
};

/* `settings`: "section.key=value", NULL ends. */
__attribute__((unused)) static bool ingest_door_open(struct ingest_door *door,
                                                     const char *const *settings)
{
    static const char *const always[] = {"ingest.role=doors", "ingest.listen=127.0.0.1:0",
                                         "ingest.insecure_bearer=true", NULL};
    struct error error = {0};
    kafka_mock_start(&door->mock);
    rd_kafka_mock_topic_create(door->mock.cluster, "cb.raw", 3, 1);
    snprintf(door->brokers, sizeof door->brokers, "kafka.brokers=%s",
             kafka_mock_brokers(&door->mock));
    door->options = (struct options){.config_path = "config/ingest.yaml"};
    door->options.set[door->options.set_count++] = door->brokers;
    for (size_t i = 0; always[i]; i++)
        door->options.set[door->options.set_count++] = always[i];
    for (size_t i = 0; settings && settings[i]; i++)
        door->options.set[door->options.set_count++] = settings[i];
    if (!ingest_config_load(&door->config, &door->options, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return false;
    }
    ingest_clock_init(&door->clock, false, "");
    door->daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                       .admin_listen = "127.0.0.1:0",
                                                       .drain_deadline_ms = 10000},
                              &error);
    door->doors =
        door->daemon ? doors_open(door->daemon, &door->config, &door->clock, &error) : NULL;
    if (!door->doors)
        return false;
    uint64_t deadline = uv_hrtime() + 10000000000U;
    while (!producer_is_connected(door->doors->producer) && uv_hrtime() < deadline)
        uv_run(daemon_loop(door->daemon), UV_RUN_ONCE);
    return producer_is_connected(door->doors->producer);
}

/* POSTs `body` under `headers` (each with its line end) and the token demo-<name>. */
__attribute__((unused)) static void ingest_door_post(struct ingest_door *door,
                                                     struct exchange *exchange, const char *path,
                                                     const char *name, const char *headers,
                                                     struct span body)
{
    static char request[1 << 20];
    int head = snprintf(request, sizeof request,
                        "POST %s HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer demo-%s\r\n%s"
                        "Content-Length: %zu\r\n\r\n",
                        path, name, headers, body.len);
    memcpy(request + head, body.at, body.len);
    *exchange = (struct exchange){.send = request, .send_len = (size_t)head + body.len};
    client_run(daemon_loop(door->daemon), http_server_port(door->doors->server), exchange, 1);
}

/* How many records the topic raw has. */
__attribute__((unused)) static int64_t ingest_door_stored(struct ingest_door *door)
{
    int times[1];
    return kafka_mock_read(&door->mock, "cb.raw", 3, times, 0);
}
