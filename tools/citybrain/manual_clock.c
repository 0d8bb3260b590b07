/* SPDX-License-Identifier: Apache-2.0 */
/* With two slots only the owner of raw/0 knows the newest tick, and after a kill it may be the
 * other one: all are set, all are asked, the latest counts. */
#include "citybrain/manual_clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/timestamp.h"
#include "citybrain/http_client.h"
#include "model/json.h"

#define PATIENCE_MS (10 * INT64_C(60000))
#define FIRST_MS    5
#define TICK_MS     20  /* a tick takes a commit, about 100 ms */
#define AWAY_MS     200 /* a process takes a second to be back */

struct standing {
    int64_t now_ms, ticked_ms; /* TIMESTAMP_NONE = it does not know */
    bool makes_ticks;
};

static int64_t elapsed_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool manual_clock_add(struct manual_clock *clock, const char *urls)
{
    for (struct span rest = span_of(urls); rest.at;) {
        struct span one = span_trim(span_cut(&rest, ','));
        if (clock->count == MANUAL_CLOCK_MOST || one.len >= sizeof clock->urls[0])
            return false;
        if (one.len)
            span_to_cstr(one, clock->urls[clock->count++], sizeof clock->urls[0]);
    }
    return true;
}

static bool read_standing(struct span body, struct standing *standing)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *root = NULL;
    size_t bad_at;
    arena_init(&arena, 16384);
    bool good = json_read(reader, body, &arena, &root, &bad_at) == REJECT_NONE;
    if (good) {
        json_int(root, "now", &standing->now_ms);
        json_int(root, "ticked", &standing->ticked_ms);
        const struct json_value *makes = json_get(root, SPAN("makes_ticks"));
        standing->makes_ticks = makes && makes->type == JSON_BOOL && makes->truth;
    }
    arena_fini(&arena);
    json_reader_free(reader);
    return good;
}

/* GET, or POST where t_ms is a time. False: it is away, or still starting. */
static bool ask(struct manual_clock *clock, const char *address, int64_t t_ms, int *status,
                struct standing *standing, struct error *error)
{
    char url[160], body[64];
    int n = snprintf(body, sizeof body, "{\"now\":%lld}", (long long)t_ms);
    snprintf(url, sizeof url, "%s/clock", address);
    struct http_call call = {.method = "GET", .url = url, .answer = &clock->answer};
    if (t_ms != TIMESTAMP_NONE) {
        call.method = "POST";
        call.body = span_from(body, (size_t)n);
        call.headers[0] = "Content-Type: application/json";
    }
    if (!http_client_call(clock->client, &call, error))
        return false;
    *status = call.status;
    *standing = (struct standing){TIMESTAMP_NONE, TIMESTAMP_NONE, false};
    if (call.status >= 500)
        return error_set(error, ERROR_RETRY, call.status, "%s answered %d", url, call.status);
    return call.status >= 300 || read_standing(strbuf_span(&clock->answer), standing) ||
           error_set(error, ERROR_RETRY, 0, "%s: no clock in the answer", url);
}

/* As `ask`, again and again. */
static bool insist(struct manual_clock *clock, const char *address, int64_t t_ms, int *status,
                   struct standing *standing, struct error *error)
{
    struct backoff backoff;
    backoff_init(&backoff, FIRST_MS, AWAY_MS);
    for (int64_t began = elapsed_ms(); elapsed_ms() - began < PATIENCE_MS;) {
        if (ask(clock, address, t_ms, status, standing, error)) {
            *error = (struct error){0}; /* of an attempt that was repeated */
            return true;
        }
        usleep(backoff_next(&backoff) * 1000);
    }
    error_wrap(error, "ten minutes without an answer");
    return false;
}

static bool set_one(struct manual_clock *clock, const char *address, int64_t t_ms,
                    struct error *error)
{
    struct standing standing;
    int status;
    if (!insist(clock, address, t_ms, &status, &standing, error))
        return false;
    if (status == 409) {
        /* "It stands later" is fine where an earlier attempt was answered to nobody. */
        if (!insist(clock, address, TIMESTAMP_NONE, &status, &standing, error))
            return false;
        if (standing.now_ms == t_ms)
            return true;
        return error_set(
            error, ERROR_REFUSED, 409,
            "%s does not take the time; fix: start ingest with ingest.clock=manual and "
            "let nobody else move it",
            address);
    }
    return status < 300 || error_set(error, ERROR_REFUSED, status, "%s/clock answered %d: %.*s",
                                     address, status, SPAN_ARG(strbuf_span(&clock->answer)));
}

/* The latest tick anybody knows; TIMESTAMP_NONE while nobody answers. */
static int64_t newest_tick(struct manual_clock *clock)
{
    int64_t newest = TIMESTAMP_NONE;
    for (size_t i = 0; i < clock->count; i++) {
        struct standing standing;
        struct error ignored = {0};
        int status;
        if (ask(clock, clock->urls[i], TIMESTAMP_NONE, &status, &standing, &ignored) &&
            status < 300 && standing.ticked_ms > newest)
            newest = standing.ticked_ms;
    }
    return newest;
}

/* Every process once; false with *error set, or with *found false while none makes ticks yet. */
static bool read_all(struct manual_clock *clock, bool *found, struct error *error)
{
    *found = false;
    for (size_t i = 0; i < clock->count; i++) {
        struct standing standing;
        int status;
        if (!insist(clock, clock->urls[i], TIMESTAMP_NONE, &status, &standing, error))
            return false;
        if (status >= 300)
            return error_set(error, ERROR_REFUSED, status,
                             "%s/clock answered %d; fix: name ingest's admin address",
                             clock->urls[i], status);
        *found |= standing.makes_ticks;
        if (standing.now_ms > clock->t_ms)
            clock->t_ms = standing.now_ms;
        if (standing.ticked_ms > clock->t_ms)
            clock->t_ms = standing.ticked_ms;
    }
    return true;
}

bool manual_clock_read(struct manual_clock *clock, struct error *error)
{
    bool found = false;
    clock->client = http_client_new();
    strbuf_init(&clock->answer, 256, 16384);
    clock->t_ms = TIMESTAMP_NONE;
    for (int64_t began = elapsed_ms(); elapsed_ms() - began < PATIENCE_MS;) {
        if (!read_all(clock, &found, error))
            return false;
        if (found)
            return true;
        usleep(AWAY_MS * 1000);
    }
    return error_set(error, ERROR_RETRY, 0,
                     "nobody makes ticks after ten minutes; fix: name the admin addresses of all "
                     "ingest processes, and see ingest's log");
}

bool manual_clock_move(struct manual_clock *clock, int64_t t_ms, struct error *error)
{
    if (t_ms > clock->t_ms)
        clock->t_ms = t_ms;
    for (size_t i = 0; i < clock->count; i++)
        if (!set_one(clock, clock->urls[i], clock->t_ms, error))
            return false;
    struct backoff backoff;
    backoff_init(&backoff, FIRST_MS, TICK_MS);
    for (int64_t began = elapsed_ms(); elapsed_ms() - began < PATIENCE_MS;) {
        if (newest_tick(clock) >= clock->t_ms)
            return true;
        usleep(backoff_next(&backoff) * 1000);
    }
    return error_set(error, ERROR_RETRY, 0,
                     "no tick in ten minutes after the clock was set; fix: see ticker.* and "
                     "normaliser lines in ingest's log (a slot missing from --clock?)");
}

void manual_clock_fini(struct manual_clock *clock)
{
    if (!clock->client)
        return;
    http_client_free(clock->client);
    strbuf_fini(&clock->answer);
}
