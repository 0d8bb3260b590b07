/* SPDX-License-Identifier: Apache-2.0 */
/* Three traps decide the order here (each has a directed test):
 *  - committed offsets are asked on the read_committed group consumer, which waits until an earlier
 * owner's pending offset commit is decided; read_uncommitted would give the offset before it;
 *  - the state is read by a read_committed reader, so aborted transactions leave nothing behind;
 *  - its end is the read_UNCOMMITTED high watermark, asked after the committed offsets: the last
 * stable offset may lie before records of a transaction whose commit is decided and whose marker is
 * still to come. */
#include "kafka/restore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/memory.h"
#include "daemon/failpoint.h"
#include "kafka/ends.h"
#include "kafka/fetch_waker.h"
#include "kafka/nudge.h"

enum {
    CALL_TIMEOUT_MS = 3000,
    CHUNK = 2048, /* messages; two of them are held */
    CHUNK_MS = 100,
    NUDGE_EVERY = 1000, /* messages: see nudge.h */
    NUDGE_DRY = 64,     /* where none is left */
};

const struct span restore_position_key = {"_position", sizeof("_position") - 1};

struct chunk {
    rd_kafka_message_t *at[CHUNK]; /* owned */
    size_t count;
};

struct restore {
    const struct kafka_settings *settings; /* borrowed */
    rd_kafka_t *consumer;                  /* borrowed */
    struct inputs *inputs;                 /* borrowed */
    struct restore_input *of;              /* owned; parallel to inputs->at */
    enum restore_stage stage;
    rd_kafka_t *watermarks; /* read_uncommitted; owned */
    rd_kafka_t *reader;     /* read_committed; owned */
    struct chunk chunks[2]; /* the worker fills one while the loop gives the other to the handler */
    struct chunk *filled, *read; /* the worker's, the loop's */
    size_t left;                 /* as the loop knows it */
    int64_t records;
    int since_nudge;
    struct fetch_waker *waker; /* owned; where this library version stalls behind a full queue */
};

struct restore *restore_new(const struct kafka_settings *settings, rd_kafka_t *consumer,
                            struct inputs *inputs)
{
    struct restore *restore = xcalloc(1, sizeof(*restore));
    restore->settings = settings;
    restore->consumer = consumer;
    restore->inputs = inputs;
    restore->filled = &restore->chunks[0];
    restore->read = &restore->chunks[1];
    restore->left = inputs->count;
    restore->of = xcalloc(inputs->count + 1, sizeof(restore->of[0]));
    for (size_t i = 0; i < inputs->count; i++)
        restore->of[i] = (struct restore_input){.input = &inputs->at[i], .stored = INPUT_NO_OFFSET};
    restore->stage = inputs->count ? RESTORE_COMMITTED : RESTORE_DONE;
    return restore;
}

static void drop(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++)
        rd_kafka_message_destroy(chunk->at[i]);
    chunk->count = 0;
}

void restore_free(struct restore *restore)
{
    drop(restore->filled);
    drop(restore->read);
    fetch_waker_free(restore->waker);
    free(restore->of);
    free(restore);
}

enum restore_stage restore_stage(const struct restore *restore)
{
    return restore->stage;
}

struct restore_input *restore_input(struct restore *restore, size_t index)
{
    return &restore->of[index];
}

int64_t restore_records(const struct restore *restore)
{
    return restore->records;
}

size_t restore_left(const struct restore *restore)
{
    return restore->left;
}

static size_t count_left(const struct restore *restore)
{
    size_t left = 0;
    for (size_t i = 0; i < restore->inputs->count; i++)
        left += !restore->of[i].done;
    return left;
}

/* ---- the worker's side ---- */

static bool read_committed_offsets(struct restore *restore, struct error *error)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)restore->inputs->count);
    for (size_t i = 0; i < restore->inputs->count; i++)
        rd_kafka_topic_partition_list_add(list, restore->inputs->at[i].topic,
                                          restore->inputs->at[i].partition);
    rd_kafka_resp_err_t code = rd_kafka_committed(restore->consumer, list, CALL_TIMEOUT_MS);
    for (int i = 0; i < list->cnt && !code; i++)
        code = list->elems[i].err;
    for (int i = 0; i < list->cnt && !code; i++) {
        const rd_kafka_topic_partition_t *partition = &list->elems[i];
        struct input *input = inputs_find(restore->inputs, partition->topic, partition->partition);
        input->committed = partition->offset >= 0 ? partition->offset : INPUT_NO_OFFSET;
        input_set_metadata(input, partition->metadata,
                           partition->metadata ? partition->metadata_size : 0);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(error, ERROR_RETRY, (int)code, "committed offsets: %s",
                              rd_kafka_err2str(code));
}

static rd_kafka_t *open_consumer(struct restore *restore, const char *role, const char *isolation,
                                 struct error *error)
{
    const struct kafka_settings *settings = restore->settings;
    char group[KAFKA_MAX_NAME];
    snprintf(group, sizeof(group), "%s%s.restore", settings->prefix,
             settings->group); /* never joined */
    rd_kafka_conf_t *conf = kafka_client_conf(settings, role, error);
    if (!conf)
        return NULL;
    if (kafka_client_set(conf, "group.id", group, error) &&
        kafka_client_set(conf, "isolation.level", isolation, error) &&
        kafka_client_set(conf, "enable.auto.commit", "false", error) &&
        kafka_client_set(conf, "enable.auto.offset.store", "false", error) &&
        kafka_client_set(conf, "auto.offset.reset", "error", error) &&
        kafka_client_set(conf, "enable.partition.eof", "true", error) &&
        kafka_client_set(conf, "allow.auto.create.topics", "false", error) &&
        kafka_client_tune_fetch(conf, settings, "20", error))
        return kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    rd_kafka_conf_destroy(conf);
    return NULL;
}

static void close_handle(rd_kafka_t **handle)
{
    if (*handle)
        rd_kafka_destroy_flags(*handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    *handle = NULL;
}

/* Whose ends are asked: of a state, or of an input of which nothing is committed. NULL = of
 * neither. */
static const char *asked_topic(const struct restore_input *of, bool of_state)
{
    if (of_state)
        return of->kept ? NULL : of->input->of->state_name;
    return of->input->committed == INPUT_NO_OFFSET ? of->input->topic : NULL;
}

static int64_t *end_of(struct restore_input *of, bool of_state, enum ends_which which)
{
    if (of_state)
        return which == ENDS_FIRST ? &of->next : &of->high;
    return which == ENDS_FIRST ? &of->low : &of->end;
}

/* Of all of them together: a request a broker. */
static bool ask_ends(struct restore *restore, bool of_states, enum ends_which which,
                     struct error *error)
{
    size_t count = restore->inputs->count;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *topic = asked_topic(&restore->of[i], of_states);
        if (topic)
            rd_kafka_topic_partition_list_add(list, topic, restore->of[i].input->partition);
    }
    bool good = ends_ask(restore->watermarks, list, which, CALL_TIMEOUT_MS, error);
    for (size_t i = 0; i < count && good; i++) {
        struct restore_input *of = &restore->of[i];
        const char *topic = asked_topic(of, of_states);
        if (topic)
            *end_of(of, of_states, which) =
                rd_kafka_topic_partition_list_find(list, topic, of->input->partition)->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}

static bool ask_all_ends(struct restore *restore, struct error *error)
{
    if (!restore->watermarks)
        restore->watermarks = open_consumer(restore, "ends", "read_uncommitted", error);
    if (!restore->watermarks)
        return false;
    if (ask_ends(restore, false, ENDS_FIRST, error) && ask_ends(restore, false, ENDS_LAST, error) &&
        ask_ends(restore, true, ENDS_FIRST, error) && ask_ends(restore, true, ENDS_LAST, error))
        return true;
    close_handle(&restore->watermarks);
    return false;
}

static bool assign_reader(struct restore *restore, struct error *error)
{
    if (count_left(restore) == 0)
        return true;
    restore->reader = open_consumer(restore, "restore", "read_committed", error);
    if (!restore->reader)
        return false;
    rd_kafka_poll_set_consumer(restore->reader);
    restore->waker = nudge_is_needed() ? fetch_waker_new(restore->reader) : NULL;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (size_t i = 0; i < restore->inputs->count; i++)
        if (!restore->of[i].done)
            rd_kafka_topic_partition_list_add(list, restore->of[i].input->of->state_name,
                                              restore->of[i].input->partition)
                ->offset = restore->of[i].next;
    rd_kafka_resp_err_t code = rd_kafka_assign(restore->reader, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code || error_set(error, ERROR_FATAL, (int)code, "assign for restore: %s",
                              rd_kafka_err2str(code));
}

static bool read_ends(struct restore *restore, struct error *error)
{
    if (!ask_all_ends(restore, error))
        return false;
    for (size_t i = 0; i < restore->inputs->count; i++) {
        struct restore_input *of = &restore->of[i];
        of->done = !asked_topic(of, true) || of->next >= of->high;
    }
    return assign_reader(restore, error);
}

static struct restore_input *of_state(struct restore *restore, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    for (size_t i = 0; i < restore->inputs->count; i++) {
        struct input *input = restore->of[i].input;
        if (input->partition == message->partition && input->of->state_name &&
            strcmp(input->of->state_name, topic) == 0)
            return &restore->of[i];
    }
    return NULL;
}

static void wake_reader(struct restore *restore, const struct restore_input *of, int every)
{
    if (!restore->waker || restore->since_nudge < every)
        return;
    restore->since_nudge = 0;
    fetch_waker_wake(restore->waker, of->input->of->state_name, of->input->partition);
}

static const struct restore_input *first_left(const struct restore *restore)
{
    size_t i = 0;
    while (i + 1 < restore->inputs->count && restore->of[i].done)
        i++;
    return &restore->of[i];
}

/* Takes the message into the chunk, or destroys it. */
static bool take(struct restore *restore, rd_kafka_message_t *message, struct error *error)
{
    struct restore_input *of = message->rkt ? of_state(restore, message) : NULL;
    rd_kafka_resp_err_t code = message->err;
    if (of && !of->done && (!code || code == RD_KAFKA_RESP_ERR__PARTITION_EOF)) {
        of->next = code ? message->offset : message->offset + 1;
        of->done = of->next >= of->high;
        if (!code) {
            restore->filled->at[restore->filled->count++] = message;
            restore->since_nudge++;
            wake_reader(restore, of, NUDGE_EVERY);
            return true;
        }
    }
    bool fatal = code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                 code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    if (fatal)
        error_set(error, ERROR_FATAL, (int)code, "restore: %s", rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message); /* other errors: the library goes on by itself */
    return !fatal;
}

static bool read_chunk(struct restore *restore, struct error *error)
{
    uint64_t until = uv_hrtime() + (uint64_t)CHUNK_MS * 1000000;
    while (restore->filled->count < CHUNK && count_left(restore) > 0 && uv_hrtime() < until) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(restore->reader, 10);
        if (!message)
            wake_reader(restore, first_left(restore), NUDGE_DRY);
        else if (!take(restore, message, error))
            return false;
    }
    return !restore->reader || !failpoint("transform.in_restore") ||
           error_set(error, ERROR_FATAL, 0, "failpoint in restore");
}

static bool close_handles(struct restore *restore)
{
    fetch_waker_free(restore->waker);
    restore->waker = NULL;
    close_handle(&restore->reader);
    close_handle(&restore->watermarks);
    return true;
}

bool restore_work(struct restore *restore, struct error *error)
{
    switch (restore->stage) {
    case RESTORE_COMMITTED: return read_committed_offsets(restore, error);
    case RESTORE_ENDS: return read_ends(restore, error);
    case RESTORE_READ: return read_chunk(restore, error);
    case RESTORE_CLOSE: return close_handles(restore);
    case RESTORE_DONE: return true;
    }
    return true;
}

/* ---- the loop's side ---- */

void restore_encode_position(const struct input *input, char *buffer, size_t size)
{
    snprintf(buffer, size, "{\"v\":1,\"topic\":\"%s\",\"offset\":%" PRId64 "}", input->topic,
             input->position);
}

bool restore_decode_position(struct span value, struct span topic, int64_t *offset)
{
    char text[KAFKA_MAX_NAME * 2], head[KAFKA_MAX_NAME * 2];
    if (!value.at || value.len >= sizeof(text))
        return false;
    span_to_cstr(value, text, sizeof(text));
    int len =
        snprintf(head, sizeof(head), "{\"v\":1,\"topic\":\"%.*s\",\"offset\":", SPAN_ARG(topic));
    if (len < 0 || strncmp(text, head, (size_t)len) != 0 || text[value.len - 1] != '}')
        return false;
    return span_to_int64(span_from(text + len, value.len - (size_t)len - 1), offset) &&
           *offset >= 0;
}

static bool apply(struct restore *restore, const rd_kafka_message_t *message,
                  const struct transform_handler *handler, struct error *error)
{
    struct restore_input *of = of_state(restore, message);
    struct span key = message->key ? span_from(message->key, message->key_len) : SPAN_NONE;
    struct span value = message->payload ? span_from(message->payload, message->len) : SPAN_NONE;
    restore->records++;
    if (span_equal(key, restore_position_key)) {
        if (restore_decode_position(value, span_of(of->input->topic), &of->stored))
            return true;
        return error_set(error, ERROR_CONFIG, 0,
                         "%s/%d at %" PRId64
                         ": not a position of %s; fix: a state topic belongs to one input",
                         of->input->of->state_name, (int)of->input->partition, message->offset,
                         of->input->topic);
    }
    if (handler->restore)
        handler->restore(of->input->state, key, value);
    return true;
}

void restore_turn(struct restore *restore)
{
    struct chunk *filled = restore->filled;
    restore->filled = restore->read;
    restore->read = filled;
    restore->left = count_left(restore);
    if (restore->stage != RESTORE_READ || restore->left == 0)
        restore->stage++;
}

bool restore_apply(struct restore *restore, const struct transform_handler *handler,
                   struct error *error)
{
    for (size_t i = 0; i < restore->read->count; i++)
        if (!apply(restore, restore->read->at[i], handler, error))
            return false;
    drop(restore->read);
    return true;
}

static bool decide(const struct kafka_settings *settings, struct restore_input *of,
                   struct error *error)
{
    struct input *input = of->input;
    const char *state = input->of->state_name;
    if (!of->kept && state && input->committed != INPUT_NO_OFFSET && of->stored != input->committed)
        return error_set(error, ERROR_CONFIG, 0,
                         "%s/%d: group %s%s committed %" PRId64 " but %s holds position %" PRId64
                         " (-1: none); fix: state and offsets are of different histories, restore "
                         "the state topic "
                         "or begin both anew",
                         input->topic, (int)input->partition, settings->prefix, settings->group,
                         input->committed, state, of->stored);
    if (input->committed != INPUT_NO_OFFSET)
        input->position = input->committed;
    else if (of->stored != INPUT_NO_OFFSET)
        input->position = of->stored;
    else
        input->position = input->of->declared->from_beginning ? of->low : of->end;
    input->dirty = input->committed == INPUT_NO_OFFSET; /* an owner commits its start */
    return true;
}

bool restore_decide(struct restore *restore, struct error *error)
{
    for (size_t i = 0; i < restore->inputs->count; i++)
        if (!decide(restore->settings, &restore->of[i], error))
            return false;
    return true;
}
