/* SPDX-License-Identifier: Apache-2.0 */
/*   POST /v1/feeds/{feed} ── door_http ──> raw ─────────┐
 *                              take_items               ├─ normaliser ─ on_record ─> events, dead
 *   <drop>/<feed>/orders.csv ── door_drop ──> raw ───────┤
 *   POST /v1/units/{unit}/status ─ door_status ─> status┘                             ▲
 *                                   take_item            ticker ─ write_ticks ────────┘
 *
 * Wires the parts and owns the way out. What an item means is decided in core/, by the door for the
 * verdict and by the normaliser for good. */
#include "ingest/ingest.h"

#include "base/memory.h"
#include "base/timestamp.h"
#include "ingest/door_drop.h"
#include "ingest/doors.h"
#include "ingest/mappings_log.h"
#include "ingest/ticker.h"

static const struct metric_row bundle_row = {
    "citybrain_ingest_bundle_info", METRIC_GAUGE, "bundle",
    "Always 1; the label names the bundle whose registries the mappings were read with. Another "
    "than "
    "citybrain_router_bundle_info has for long: restart ingest, or send SIGHUP to the router."};

struct ingest {
    struct daemon *daemon;
    const struct ingest_config *config;
    struct ingest_clock clock;
    struct normaliser normaliser;
    struct ticker ticker;
    struct broker_clock *brokers; /* NULL: the clock is moved by hand */
    struct doors *doors;          /* NULL: not our role */
    struct door_drop *drop;       /* NULL: no drop directories */
    bool normalises;
    struct http_route admin_routes[2];
};

static void add_time(struct strbuf *out, const char *name, int64_t ms)
{
    strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    if (ms == TIMESTAMP_NONE)
        strbuf_add(out, SPAN("null"));
    else
        strbuf_addf(out, "%lld", (long long)ms);
}

/* {"now": T, "ticked": the newest tick on the log} in ms, null = not known here; "makes_ticks":
 * whether it is this process that writes them. */
static void get_clock(void *context, struct http_request *request)
{
    struct ingest *ingest = context;
    struct strbuf body;
    strbuf_init(&body, 128, 1024);
    strbuf_add_char(&body, '{');
    add_time(&body, "now", ingest_clock_now(&ingest->clock));
    add_time(&body, "ticked", ingest->normalises ? ingest->ticker.last_ms : TIMESTAMP_NONE);
    bool makes_ticks =
        ingest->normalises && transform_owns(ingest->normaliser.transform, NORMALISER_RAW, 0);
    strbuf_addf(&body, ",\"makes_ticks\":%s}\n", makes_ticks ? "true" : "false");
    http_request_answer(request, &(struct http_answer){.status = 200,
                                                       .content_type = "application/json",
                                                       .body = strbuf_span(&body)});
    strbuf_fini(&body);
}

static bool read_now(struct span body, int64_t *now_ms)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *root = NULL;
    size_t bad_at;
    arena_init(&arena, 16384);
    bool good =
        json_read(reader, body, &arena, &root, &bad_at) == REJECT_NONE &&
        (json_int(root, "now", now_ms) || timestamp_parse_rfc3339(json_text(root, "now"), now_ms));
    arena_fini(&arena);
    json_reader_free(reader);
    return good;
}

static void post_clock(void *context, struct http_request *request)
{
    struct ingest *ingest = context;
    int64_t now_ms;
    if (!ingest->clock.manual) {
        http_request_problem(request, 409, "clock_is_real", "the clock is not manual",
                             "ingest.clock: manual");
        return;
    }
    if (!read_now(http_request_body(request), &now_ms)) {
        http_request_problem(request, 400, "bad_time", "no time in the body",
                             "{\"now\": ms or RFC 3339}");
        return;
    }
    if (!ingest_clock_set(&ingest->clock, now_ms)) {
        http_request_problem(request, 409, "time_goes_back", "time never goes back", "");
        return;
    }
    if (ingest->normalises)
        ticker_nudge(&ingest->ticker);
    get_clock(context, request);
}

struct ingest *ingest_new(const struct ingest_config *config)
{
    struct ingest *ingest = xcalloc(1, sizeof *ingest);
    ingest->config = config;
    ingest->normalises = config->role != INGEST_DOORS;
    ingest->ticker.last_ms = TIMESTAMP_NONE;
    ingest_clock_init(&ingest->clock, config->clock_mode == INGEST_CLOCK_MANUAL,
                      config->kafka.note_dir);
    ingest->admin_routes[0] = (struct http_route){"GET", "/clock", 0, get_clock, ingest};
    ingest->admin_routes[1] = (struct http_route){"POST", "/clock", 1024, post_clock, ingest};
    return ingest;
}

const struct http_route *ingest_admin_routes(const struct ingest *ingest, size_t *count)
{
    *count = ARRAY_LENGTH(ingest->admin_routes);
    return ingest->admin_routes;
}

static void log_mappings(const struct ingest *ingest)
{
    const struct ingest_config *config = ingest->config;
    mappings_log(config->feeds, ingest_clock_now(&ingest->clock), span_of(config->bundle));
}

/* Keys alone are read anew: the log says which mappings stay. */
static void reload(void *context)
{
    struct ingest *ingest = context;
    admission_reload(ingest->doors->admission);
    log_mappings(ingest);
    daemon_reloaded(ingest->daemon);
}

bool ingest_open(struct ingest *ingest, struct daemon *daemon, struct error *error)
{
    const struct ingest_config *config = ingest->config;
    ingest->daemon = daemon;
    log_mappings(ingest);
    metric_set(metrics_add(daemon_metrics(daemon), &bundle_row), span_of(config->bundle), 1);
    if (!ingest->clock.manual &&
        !(ingest->brokers = broker_clock_open(daemon, &config->kafka, "clock", error)))
        return false;
    ingest->ticker.brokers = ingest->brokers;
    if (ingest->normalises &&
        (!normaliser_open(&ingest->normaliser, daemon, config, error) ||
         !ticker_open(&ingest->ticker, daemon, &ingest->normaliser, &ingest->clock, error)))
        return false;
    if (config->role != INGEST_NORMALISER)
        ingest->doors = doors_open(daemon, config, &ingest->clock, error);
    if (ingest->doors)
        daemon_on_reload(daemon, reload, ingest);
    if (ingest->doors && config->drop.root[0])
        ingest->drop = door_drop_open(ingest->doors, error);
    return config->role == INGEST_NORMALISER ||
           (ingest->doors && (ingest->drop || !config->drop.root[0]));
}

static void stopped(void *context)
{
    struct ingest *ingest = context;
    daemon_stopped(ingest->daemon);
}

static void doors_drained(void *context)
{
    struct ingest *ingest = context;
    if (ingest->normalises)
        transform_drain(ingest->normaliser.transform, stopped, ingest);
    else
        stopped(ingest);
}

void ingest_drain(void *context)
{
    struct ingest *ingest = context;
    if (ingest->normalises)
        ticker_stop(&ingest->ticker);
    if (ingest->drop)
        door_drop_stop(ingest->drop);
    if (ingest->doors)
        doors_drain(ingest->doors, doors_drained, ingest);
    else
        doors_drained(ingest);
}
