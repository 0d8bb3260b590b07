/* SPDX-License-Identifier: Apache-2.0 */
/* What the three daemons share: the loop, signals, phases, watchdog, admin HTTP (/livez /readyz
 * /metrics), sd_notify. The service adds its own handles to daemon_loop().
 *
 * Phases: STARTING -> RUNNING -> DRAINING -> STOPPED. First SIGTERM or SIGINT drains with a
 * deadline, the second leaves at once. Crash-only: daemon_die() is the only way out of anything
 * unclean. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "daemon/http_server.h"
#include "daemon/metrics.h"

struct daemon;

struct daemon_options {
    const char *service;      /* "ingest" */
    const char *admin_listen; /* "127.0.0.1:29310" */
    int64_t drain_deadline_ms;
    const struct http_route
        *admin_routes; /* more routes on the admin port, borrowed; may be NULL */
    size_t admin_route_count;
};

struct daemon *daemon_new(const struct daemon_options *options,
                          struct error *error); /* NULL on error */
void daemon_free(struct daemon *daemon);        /* asserts that uv_loop_close() is clean */
uv_loop_t *daemon_loop(struct daemon *daemon);
struct metrics *daemon_metrics(struct daemon *daemon);
/* Processor time of those who only look: the admin server's, and what the service adds to it. */
struct cpu_meter *daemon_watching(struct daemon *daemon);
/* Not ready while any reason is set; /readyz shows them. A reason is a short constant name per
 * room. */
void daemon_not_ready(struct daemon *daemon, const char *room, const char *reason);
void daemon_ready(struct daemon *daemon, const char *room);
/* Runs the loop. On SIGTERM calls drain(context), which must end in daemon_stopped(). Returns exit
 * status. */
int daemon_run(struct daemon *daemon, void (*drain)(void *context), void *context);
void daemon_stopped(struct daemon *daemon);
/* SIGHUP calls reload(context), which swaps everything or keeps the old, and tells the end of it by
 * daemon_reloaded; without one it is logged. */
void daemon_on_reload(struct daemon *daemon, void (*reload)(void *context), void *context);
void daemon_reloaded(struct daemon *daemon);
int daemon_port(const struct daemon *daemon); /* of the admin server, for port 0 */
/* Logs and _exit()s with the error's status, after at most a write: nothing is cleaned up. */
_Noreturn void daemon_die(const char *event, const struct error *error);
/* For main(): prints the error on stderr and returns its exit status; nothing was started. */
int daemon_refuse(const struct error *error);
