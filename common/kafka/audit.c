/* SPDX-License-Identifier: Apache-2.0 */
/* One record, one producer: whoever writes here writes seldom. */
#include "kafka/audit.h"

#include <time.h>

#include "base/timestamp.h"

#define TOPIC       "audit"
#define PATIENCE_MS 15000
#define MOST_BYTES  65536

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    if (!value.at)
        return;
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, value);
}

void audit_format(struct strbuf *out, const struct audit_entry *entry, int64_t at_ms)
{
    bool first = true;
    strbuf_add(out, SPAN("{\"at\":\""));
    timestamp_add_rfc3339(out, at_ms);
    strbuf_add_char(out, '"');
    add_text(out, "who", entry->who);
    add_text(out, "verb", span_of(entry->verb));
    strbuf_add(out, SPAN(",\"arguments\":{"));
    for (size_t i = 0; i < entry->argument_count; i++) {
        if (!entry->arguments[i].value.at)
            continue;
        strbuf_addf(out, "%s\"%s\":", first ? "" : ",", entry->arguments[i].name);
        strbuf_add_json(out, entry->arguments[i].value);
        first = false;
    }
    strbuf_add_char(out, '}');
    add_text(out, "reason", entry->reason);
    add_text(out, "outcome", entry->outcome);
    add_text(out, "event", entry->event_id);
    strbuf_add_char(out, '}');
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    rd_kafka_resp_err_t *code = opaque;
    *code = message->err;
}

static rd_kafka_t *open_writer(const struct kafka_settings *settings, rd_kafka_resp_err_t *code,
                               struct error *error)
{
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "audit", error);
    if (!conf)
        return NULL;
    if (!kafka_client_set(conf, "enable.idempotence", "true", error) ||
        !kafka_client_set_int(conf, "message.timeout.ms", PATIENCE_MS, error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_opaque(conf, code);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return kafka_client_new(RD_KAFKA_PRODUCER, conf, error);
}

bool audit_write(const struct kafka_settings *settings, const struct audit_entry *entry,
                 struct error *error)
{
    struct strbuf value;
    char topic[KAFKA_MAX_NAME];
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    rd_kafka_t *handle = open_writer(settings, &code, error);
    if (!handle)
        return false;
    strbuf_init(&value, 1024, MOST_BYTES);
    audit_format(&value, entry, wall_ms());
    kafka_client_name(settings, TOPIC, topic, sizeof topic);
    rd_kafka_resp_err_t sent =
        strbuf_is_full(&value)
            ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
            : rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(topic),
                                RD_KAFKA_V_KEY(entry->who.at, entry->who.len),
                                RD_KAFKA_V_VALUE(value.at, value.len),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!sent)
        rd_kafka_flush(handle, PATIENCE_MS + 1000);
    sent = sent ? sent : code;
    rd_kafka_destroy(handle);
    strbuf_fini(&value);
    return !sent ||
           error_set(error, ERROR_RETRY, (int)sent, "%s: %s", topic, rd_kafka_err2str(sent));
}
