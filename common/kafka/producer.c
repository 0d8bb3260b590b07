/* SPDX-License-Identifier: Apache-2.0 */
/* The doors' producer: idempotent, acks=all, delivery reports on the loop thread. It promises one
 * report per accepted send and bounded memory (a full queue is said, nothing is dropped). Partition
 * counts come from metadata read by a pool thread; until they are known, and while no broker
 * answers, nothing is taken. Retrying a failed send is left to the sender: ids make a repeat
 * harmless. */
#include "kafka/producer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/message.h"
#include "kafka/topic_catalog.h"
#include "kafka/wakeup.h"

#define QUEUE_MESSAGES "100000"
#define QUEUE_KIB      "32768"

enum {
    CROWDED_MESSAGES = 80000,
    CROWDED_BYTES = 26 << 20,
    REFRESH_SOON_MS = 1000,  /* while brokers are away, and after an unknown topic was asked for */
    REFRESH_SLOW_MS = 60000, /* new topics appear without being asked for */
    METADATA_TIMEOUT_MS = 3000, /* holds one pool thread */
};

struct topic_handle {
    char *name; /* owned */
    rd_kafka_topic_t *topic;
    int32_t partitions;
    struct topic_handle *next;
};

struct producer {
    struct daemon *daemon;
    rd_kafka_t *handle;
    const char *prefix;
    producer_delivery_fn *delivered;
    void *context;
    size_t in_flight, in_flight_bytes;
    bool connected;
    bool closing;
    struct topic_handle *topics; /* few: a linked list in order of first use */
    struct wakeup wakeup;
    uv_timer_t timer;
    uv_work_t work;
    bool refreshing;
    struct topic_catalog catalog, fresh; /* `fresh` belongs to the pool thread while refreshing */
    struct error refresh_error;
    int open_handles;
};

static void schedule_refresh(struct producer *producer, uint64_t wait_ms);

static void refresh_work(uv_work_t *work)
{
    struct producer *producer = work->data;
    topic_catalog_read(&producer->fresh, producer->handle, producer->prefix, METADATA_TIMEOUT_MS,
                       &producer->refresh_error);
}

static void free_when_quiet(struct producer *producer)
{
    if (producer->open_handles > 0 || producer->refreshing)
        return;
    for (struct topic_handle *topic = producer->topics, *next; topic; topic = next) {
        next = topic->next;
        rd_kafka_topic_destroy(topic->topic);
        free(topic->name);
        free(topic);
    }
    rd_kafka_destroy(producer->handle);
    wakeup_fini(&producer->wakeup);
    topic_catalog_fini(&producer->catalog);
    free(producer);
}

static void refresh_done(uv_work_t *work, int status)
{
    struct producer *producer = work->data;
    bool read = status == 0 && producer->refresh_error.kind == ERROR_NONE;
    producer->refreshing = false;
    if (read) {
        topic_catalog_fini(&producer->catalog);
        producer->catalog = producer->fresh;
        if (!producer->connected)
            log_info("producer.connected", LOG_INT("topics", producer->catalog.count));
        producer->connected = true;
    } else {
        if (producer->connected || producer->catalog.entries == NULL)
            log_warn("producer.no_broker", LOG_ERROR(&producer->refresh_error));
        producer->connected = false;
    }
    if (producer->closing)
        free_when_quiet(producer);
    else
        schedule_refresh(producer, read ? REFRESH_SLOW_MS : REFRESH_SOON_MS);
}

static void start_refresh(uv_timer_t *timer)
{
    struct producer *producer = timer->data;
    if (producer->refreshing)
        return;
    producer->refreshing = true;
    producer->refresh_error = (struct error){0};
    producer->work.data = producer;
    uv_queue_work(daemon_loop(producer->daemon), &producer->work, refresh_work, refresh_done);
}

static void schedule_refresh(struct producer *producer, uint64_t wait_ms)
{
    uv_timer_start(&producer->timer, start_refresh, wait_ms, 0);
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct producer *producer = opaque;
    producer->in_flight--;
    producer->in_flight_bytes -= message->len + message->key_len;
    if (!message->err)
        producer->connected = true;
    producer->delivered(producer->context, message->_private, (int)message->err,
                        message->err ? rd_kafka_err2str(message->err) : "");
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    struct producer *producer = opaque;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char text[300];
        struct error error;
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(handle, text, sizeof(text));
        error_set(&error, ERROR_FATAL, (int)fatal, "%s", text);
        daemon_die("producer.fatal", &error);
    }
    log_warn("producer.error", LOG_STR("code", rd_kafka_err2name(code)), LOG_STR("text", reason));
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !producer->closing) {
        producer->connected = false;
        if (!producer->refreshing)
            schedule_refresh(producer, REFRESH_SOON_MS);
    }
}

static bool drain(void *context)
{
    struct producer *producer = context;
    rd_kafka_poll(producer->handle, 0);
    return false;
}

static rd_kafka_conf_t *configure(struct producer *producer, const struct kafka_settings *settings,
                                  const char *role, struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, role, error);
    if (!conf)
        return NULL;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (kafka_client_set(conf, "enable.idempotence", "true", error) &&
        kafka_client_set(conf, "acks", "all", error) &&
        kafka_client_set(conf, "message.timeout.ms", "30000", error) &&
        kafka_client_tune(conf, settings, "linger.ms", "5", error) &&
        kafka_client_tune(conf, settings, "retry.backoff.ms", "20", error) &&
        kafka_client_tune(conf, settings, "compression.type", "zstd", error) &&
        kafka_client_tune(conf, settings, "message.max.bytes", KAFKA_MAX_RECORD_TEXT, error) &&
        kafka_client_tune(conf, settings, "queue.buffering.max.messages", QUEUE_MESSAGES, error) &&
        kafka_client_tune(conf, settings, "queue.buffering.max.kbytes", QUEUE_KIB, error))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

struct producer *producer_open(struct daemon *daemon, const struct kafka_settings *settings,
                               const char *role, producer_delivery_fn *delivered, void *context,
                               struct error *error)
{
    struct producer *producer = xcalloc(1, sizeof(*producer));
    producer->daemon = daemon;
    producer->prefix = settings->prefix;
    producer->delivered = delivered;
    producer->context = context;
    rd_kafka_conf_t *conf = configure(producer, settings, role, error);
    producer->handle = conf ? kafka_client_new(RD_KAFKA_PRODUCER, conf, error) : NULL;
    if (!producer->handle ||
        !wakeup_open(&producer->wakeup, daemon_loop(daemon),
                     rd_kafka_queue_get_main(producer->handle), drain, producer, error)) {
        if (producer->handle)
            rd_kafka_destroy(producer->handle);
        free(producer);
        return NULL;
    }
    uv_timer_init(daemon_loop(daemon), &producer->timer);
    producer->timer.data = producer;
    schedule_refresh(producer, 0);
    return producer;
}

static struct topic_handle *find_topic(struct producer *producer, const char *name)
{
    struct topic_handle **at = &producer->topics;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    int32_t partitions = topic_catalog_partitions(&producer->catalog, name);
    if (partitions == 0)
        return NULL;
    struct topic_handle *topic = xcalloc(1, sizeof(*topic));
    topic->name = xstrdup(name);
    topic->partitions = partitions;
    topic->topic = rd_kafka_topic_new(producer->handle, name, NULL);
    return *at = topic;
}

static bool refuse(struct producer *producer, const char *name, struct error *error)
{
    if (!producer->catalog.entries)
        return error_set(error, ERROR_RETRY, 0, "no broker has answered yet");
    if (!producer->refreshing)
        schedule_refresh(producer, REFRESH_SOON_MS);
    return error_set(error, ERROR_REFUSED, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                     "topic %s does not exist; fix: citybrain topics apply", name);
}

bool producer_send(struct producer *producer, const char *topic, const struct output *output,
                   void *tag, struct error *error)
{
    struct topic_handle *found = find_topic(producer, topic);
    if (!found)
        return refuse(producer, topic, error);
    int32_t partition = message_partition(output, found->partitions);
    if (partition < 0)
        return error_set(error, ERROR_REFUSED, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                         "%s has no partition %d", topic, (int)output->partition);
    rd_kafka_error_t *cause =
        message_produce(producer->handle, found->topic, partition, output, tag);
    if (!cause) {
        producer->in_flight++;
        producer->in_flight_bytes += output->value.len + output->key.len;
        return true;
    }
    bool full = rd_kafka_error_code(cause) == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    return kafka_client_error(error, full ? ERROR_RETRY : ERROR_REFUSED, topic, cause);
}

bool producer_is_missing(int error_code)
{
    return error_code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           error_code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           error_code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool producer_is_too_large(int error_code)
{
    return error_code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

bool producer_is_crowded(const struct producer *producer)
{
    return producer->in_flight > CROWDED_MESSAGES || producer->in_flight_bytes > CROWDED_BYTES;
}

size_t producer_in_flight(const struct producer *producer)
{
    return producer->in_flight;
}

bool producer_is_connected(const struct producer *producer)
{
    return producer->connected;
}

static void on_handle_closed(void *context)
{
    struct producer *producer = context;
    producer->open_handles--;
    free_when_quiet(producer);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

void producer_close(struct producer *producer, int64_t deadline_ms)
{
    producer->closing = true;
    rd_kafka_flush(producer->handle, (int)deadline_ms);
    if (producer->in_flight > 0) {
        rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(producer->handle, 200);
    }
    producer->open_handles = 2;
    wakeup_close(&producer->wakeup, on_handle_closed);
    uv_close((uv_handle_t *)&producer->timer, on_timer_closed);
}
