/* SPDX-License-Identifier: Apache-2.0 */
/* One phase after the other, jobs on a pool thread, records on the loop:
 *
 *   LOOK ──> SURVEY ──> TAKE <──> FEED       LOOK, SURVEY, FEED, CLOSE: jobs
 *    ^         │  fault,  │  end            TAKE: records are sent in slices, in batches that are
 *    └─ CLOSE <┴─ repeat ─┘                 settled when the last report of them is in
 *
 * The producer is its own, so that files never fill the queue of the HTTP door. A batch that was
 * not stored whole is sent again from its first record: the world's fault is waited out, the ids
 * make a second copy harmless. */
#include "ingest/door_drop.h"

#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"
#include "ingest/drop_receipt.h"

enum {
    PIECE_BYTES = 256 << 10,
    SLICE_ITEMS = 128,
    BATCH_ITEMS = 5000,
    BATCH_BYTES = 4 << 20,
    BATCH_VERDICT_BYTES = 1 << 20,
};
#define SLICE_NS UINT64_C(2000000)

enum phase { PHASE_LOOK, PHASE_SURVEY, PHASE_TAKE, PHASE_SETTLE, PHASE_FEED, PHASE_CLOSE };

struct door_drop {
    struct doors *doors; /* borrowed */
    struct producer *producer;
    struct drop_folder folder;
    struct drop_file file;
    struct item_reader reader;
    struct drop_receipt receipt;
    struct raw_item item;
    struct raw_header header; /* what the file's records share */
    enum phase phase, next;   /* next: after PHASE_SETTLE */
    enum drop_result result;
    int64_t now_ms; /* at the beginning of the job */
    bool found, surveyed, stopped;
    struct error error; /* of the job */
    /* The batch: where it began, and what of it is under way. */
    struct item_reader_mark began;
    struct drop_receipt_mark mark;
    size_t items, bytes, reports, most_items;
    bool refused;
    int refused_code;
    struct backoff backoff;
    uv_timer_t timer;
    uv_work_t work;
    struct metric *files;
    char topic[256];
};

static const struct metric_row files_row = {
    "citybrain_ingest_files_total", METRIC_COUNTER, "result",
    "Dropped files by what became of them: done, repeat, or the fault that kept them out."};

static void turn(uv_timer_t *timer);

static void turn_in(struct door_drop *drop, uint64_t wait_ms)
{
    uv_timer_start(&drop->timer, turn, wait_ms, 0);
}

static void enter(struct door_drop *drop, enum phase phase)
{
    drop->phase = phase;
    turn_in(drop, 0);
}

static void refuse_file(struct door_drop *drop, enum drop_fault fault,
                        const struct framing_item *item)
{
    drop_file_refuse(&drop->file, fault, item ? item->row : 0, item ? item->byte_offset : 0);
    drop->result = DROP_FAILED;
    enter(drop, PHASE_CLOSE);
}

/* --- jobs, on a pool thread --- */

static void look(struct door_drop *drop)
{
    struct drop_file *file = &drop->file;
    drop->found = drop_folder_next(&drop->folder, drop->now_ms, file, &drop->error);
    drop->surveyed = false;
    if (!drop->found)
        return;
    bool fits = file_terms_read(&file->terms, span_of(file->name), file->mapping);
    item_reader_init(&drop->reader, file->terms.form, PIECE_BYTES, NORMALISE_VALUE_MAX);
    drop->reader.csv = decode_csv_form(file->mapping, file->terms.charset);
    drop_file_rewind(file, &drop->reader);
    if (!fits)
        drop_file_refuse(file, DROP_FAULT_FORMAT, 0, 0);
}

static void survey(struct door_drop *drop)
{
    struct drop_file *file = &drop->file;
    drop->surveyed = file->fault != DROP_FAULT_NONE || drop_file_survey(file, &drop->reader);
    if (!drop->surveyed)
        return;
    drop->result = file->fault != DROP_FAULT_NONE
                       ? DROP_FAILED
                       : drop_receipt_recall(&drop->receipt, &drop->folder, file);
    if (drop->result == DROP_TAKEN)
        drop_file_rewind(file, &drop->reader);
}

static void feed(struct door_drop *drop)
{
    if (drop_receipt_spool(&drop->receipt, &drop->folder, &drop->file, &drop->error))
        drop_file_feed(&drop->file, &drop->reader);
}

static void close_file(struct door_drop *drop)
{
    if (failpoint("drop.before_close")) {
        error_set(&drop->error, ERROR_RETRY, 0, "failpoint drop.before_close");
        return;
    }
    if (!drop_receipt_close(&drop->receipt, &drop->folder, &drop->file, drop->result, &drop->error))
        return;
    drop_file_close(&drop->file);
    item_reader_fini(&drop->reader);
}

static void run_job(uv_work_t *work)
{
    struct door_drop *drop = work->data;
    switch (drop->phase) {
    case PHASE_LOOK: look(drop); break;
    case PHASE_SURVEY: survey(drop); break;
    case PHASE_FEED: feed(drop); break;
    case PHASE_CLOSE: close_file(drop); break;
    case PHASE_TAKE:
    case PHASE_SETTLE: break;
    }
}

/* --- on the loop again --- */

static void begin_batch(struct door_drop *drop)
{
    drop->began = item_reader_mark(&drop->reader);
    drop->mark = drop_receipt_mark(&drop->receipt);
    drop->items = drop->bytes = 0;
    drop->refused = false;
}

static void begin_taking(struct door_drop *drop)
{
    drop->header = drop_file_header(&drop->file);
    drop->most_items = BATCH_ITEMS;
    begin_batch(drop);
    enter(drop, PHASE_TAKE);
}

static void after_look(struct door_drop *drop)
{
    if (drop->folder.denied > 0)
        log_warn("drop.denied", LOG_INT("files", drop->folder.denied));
    if (drop->found)
        enter(drop, PHASE_SURVEY);
    else
        turn_in(drop, (uint64_t)drop->folder.settings->look_every_ms);
}

static void after_survey(struct door_drop *drop)
{
    if (!drop->surveyed)
        turn_in(drop, 0);
    else if (drop->result == DROP_TAKEN)
        begin_taking(drop);
    else
        enter(drop, PHASE_CLOSE);
}

static void after_feed(struct door_drop *drop)
{
    if (drop->file.fault != DROP_FAULT_NONE) {
        drop->result = DROP_FAILED;
        enter(drop, PHASE_CLOSE);
        return;
    }
    begin_batch(drop);
    enter(drop, PHASE_TAKE);
}

static void after_close(struct door_drop *drop)
{
    const struct drop_file *file = &drop->file;
    const char *result = drop->result == DROP_FAILED   ? drop_fault_name(file->fault)
                         : drop->result == DROP_REPEAT ? "repeat"
                                                       : "done";
    metric_add(drop->files, span_of(result), 1);
    if (drop->result == DROP_TAKEN && file->rows > 0)
        metric_add(drop->doors->acknowledged, span_of(file->feed->id), file->rows);
    log_info("drop.closed", LOG_STR("feed", file->feed->id), LOG_STR("result", result),
             LOG_STR("upload", file->hash), LOG_INT("rows", file->rows),
             LOG_INT("bytes", file->bytes));
    enter(drop, PHASE_LOOK);
}

static void job_done(uv_work_t *work, int status)
{
    struct door_drop *drop = work->data;
    if (status != 0 || drop->error.kind != ERROR_NONE) {
        log_warn("drop.waits", LOG_ERROR(&drop->error));
        turn_in(drop, backoff_next(&drop->backoff));
        return;
    }
    backoff_reset(&drop->backoff);
    switch (drop->phase) {
    case PHASE_LOOK: after_look(drop); break;
    case PHASE_SURVEY: after_survey(drop); break;
    case PHASE_FEED: after_feed(drop); break;
    case PHASE_CLOSE: after_close(drop); break;
    case PHASE_TAKE:
    case PHASE_SETTLE: break;
    }
}

static void start_job(struct door_drop *drop)
{
    drop->error = (struct error){0};
    drop->now_ms = ingest_clock_now(drop->doors->clock);
    uv_queue_work(daemon_loop(drop->doors->daemon), &drop->work, run_job, job_done);
}

/* --- records --- */

/* Back to the batch's first record. One that its topic will never take is found by sending one at a
 * time. */
static void settle_refused(struct door_drop *drop)
{
    bool alone = drop->most_items == 1;
    item_reader_return(&drop->reader, &drop->began);
    drop_receipt_return(&drop->receipt, &drop->mark);
    begin_batch(drop);
    if (producer_is_too_large(drop->refused_code)) {
        struct framing_item item;
        drop->most_items = 1;
        if (alone && item_reader_next(&drop->reader, &item) == ITEM_READER_ITEM)
            refuse_file(drop, DROP_FAULT_TOPIC, &item);
        else
            enter(drop, PHASE_TAKE);
        return;
    }
    drop->phase = PHASE_TAKE;
    turn_in(drop, backoff_next(&drop->backoff));
}

static void settle(struct door_drop *drop)
{
    if (drop->reports > 0)
        return;
    if (drop->refused) {
        settle_refused(drop);
        return;
    }
    backoff_reset(&drop->backoff);
    begin_batch(drop);
    (void)failpoint("drop.batch_settled");
    enter(drop, drop->next);
}

static void end_batch(struct door_drop *drop, enum phase next)
{
    drop->next = next;
    drop->phase = PHASE_SETTLE;
    settle(drop);
}

static void delivered(void *context, void *tag, int error_code, const char *error_text)
{
    struct door_drop *drop = context;
    (void)tag;
    drop->reports--;
    if (error_code != 0) {
        drop->refused = true;
        drop->refused_code = error_code;
        log_warn("drop.delivery_failed", LOG_INT("code", error_code),
                 LOG_STR("error", error_text ? error_text : ""));
    }
    if (drop->phase == PHASE_SETTLE)
        settle(drop);
}

/* False: the batch ends here. */
static bool send_item(struct door_drop *drop, const struct framing_item *framed)
{
    struct raw_item *item = &drop->item;
    struct error error = {0};
    raw_item_make(item, &drop->header, drop->file.feed, framed, &drop->doors->trial);
    if (item->why.reject == REJECT_HEADER) {
        drop->file.fault_place = item->why;
        refuse_file(drop, DROP_FAULT_HEADER, NULL);
        return false;
    }
    const struct output output = {.partition = OUTPUT_BY_KEY,
                                  .key = span_of(item->key),
                                  .value = strbuf_span(&item->value),
                                  .headers = {{SPAN("cb"), strbuf_span(&item->header)}},
                                  .header_count = 1};
    if (!producer_send(drop->producer, drop->topic, &output, drop, &error)) {
        log_warn("drop.send_refused", LOG_ERROR(&error));
        drop->refused = true;
        drop->refused_code = error.code;
        end_batch(drop, PHASE_TAKE);
        return false;
    }
    drop->reports++;
    drop->items++;
    drop->bytes += item->value.len;
    drop_receipt_add(&drop->receipt, &(struct verdict){.row = framed->row,
                                                       .offset = item->offset,
                                                       .record = item->record,
                                                       .why = &item->why});
    metric_add(drop->doors->items, span_of(reject_name(item->why.reject)), 1);
    return true;
}

static bool is_batch_full(const struct door_drop *drop)
{
    return drop->items >= drop->most_items || drop->bytes >= BATCH_BYTES ||
           drop_receipt_waiting(&drop->receipt) >= BATCH_VERDICT_BYTES;
}

/* A header without a row is held against the mapping too. */
static bool is_drifted(struct door_drop *drop)
{
    struct reject_place why = {0};
    struct span header = drop->reader.framing.header;
    arena_reset(&drop->doors->trial.arena);
    if (drop->file.rows == 0 && header.at)
        normalise_header(&drop->doors->trial, &drop->header, header, &why);
    if (why.reject == REJECT_NONE)
        return false;
    drop->file.fault_place = why;
    return true;
}

static void end_taking(struct door_drop *drop)
{
    if (drop->reports > 0 || drop->items > 0) {
        end_batch(drop, PHASE_TAKE); /* then this end is met again, with nothing under way */
        return;
    }
    drop_file_compare(&drop->file);
    if (drop->file.fault != DROP_FAULT_NONE)
        refuse_file(drop, drop->file.fault, NULL);
    else if (is_drifted(drop))
        refuse_file(drop, DROP_FAULT_HEADER, NULL);
    else
        enter(drop, PHASE_CLOSE);
}

static void take(struct door_drop *drop)
{
    uint64_t until = uv_hrtime() + SLICE_NS;
    struct framing_item item = {0};
    for (int n = 0; n < SLICE_ITEMS && uv_hrtime() < until; n++) {
        if (is_batch_full(drop)) {
            bool full = drop_receipt_waiting(&drop->receipt) >= BATCH_VERDICT_BYTES;
            end_batch(drop, full ? PHASE_FEED : PHASE_TAKE);
            return;
        }
        switch (item_reader_next(&drop->reader, &item)) {
        case ITEM_READER_ITEM:
            if (!send_item(drop, &item))
                return;
            break;
        case ITEM_READER_FEED: end_batch(drop, PHASE_FEED); return;
        case ITEM_READER_LONG: refuse_file(drop, DROP_FAULT_CHANGED, &item); return;
        case ITEM_READER_END: end_taking(drop); return;
        }
    }
    turn_in(drop, 0);
}

static bool may_go_on(const struct door_drop *drop)
{
    return producer_is_connected(drop->producer) &&
           ingest_clock_now(drop->doors->clock) != TIMESTAMP_NONE;
}

static void turn(uv_timer_t *timer)
{
    struct door_drop *drop = timer->data;
    bool sends = drop->phase == PHASE_LOOK || drop->phase == PHASE_TAKE;
    if (drop->stopped && drop->phase != PHASE_CLOSE)
        return;
    if (sends && !may_go_on(drop)) {
        turn_in(drop, (uint64_t)drop->folder.settings->look_every_ms);
        return;
    }
    if (drop->phase == PHASE_TAKE)
        take(drop);
    else if (drop->phase != PHASE_SETTLE)
        start_job(drop);
}

struct door_drop *door_drop_open(struct doors *doors, struct error *error)
{
    const struct ingest_config *config = doors->config;
    struct door_drop *drop = xcalloc(1, sizeof *drop);
    drop->doors = doors;
    if (!drop_folder_open(&drop->folder, &config->drop, config->feeds, error))
        return NULL; /* the process leaves at once */
    drop->producer = producer_open(doors->daemon, &config->kafka, "drop", delivered, drop, error);
    if (drop->producer == NULL)
        return NULL;
    kafka_client_name(&config->kafka, "raw", drop->topic, sizeof drop->topic);
    drop_receipt_init(&drop->receipt);
    raw_item_init(&drop->item, NORMALISE_VALUE_MAX + 4096);
    backoff_init(&drop->backoff, 500, 8000);
    drop->files = metrics_add(daemon_metrics(doors->daemon), &files_row);
    drop->work.data = drop;
    uv_timer_init(daemon_loop(doors->daemon), &drop->timer);
    drop->timer.data = drop;
    turn_in(drop, 0);
    return drop;
}

void door_drop_stop(struct door_drop *drop)
{
    drop->stopped = true;
}
