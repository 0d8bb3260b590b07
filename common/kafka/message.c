/* SPDX-License-Identifier: Apache-2.0 */
/* Spans over librdkafka's memory on the way in, one produceva on the way out. An absent value stays
 * a tombstone and an empty one stays empty. The partition is checked before the library sees it:
 * some versions free headers twice when a partition does not exist. */
#include "kafka/message.h"

#include "base/base.h"
#include "base/murmur2.h"

static struct span span_or_none(const void *at, size_t len)
{
    return at ? span_from(at, len) : SPAN_NONE;
}

static void take_headers(const rd_kafka_message_t *message, struct record *record)
{
    rd_kafka_headers_t *headers;
    record->header_count = 0;
    if (rd_kafka_message_headers(message, &headers))
        return;
    const char *name;
    const void *value;
    size_t size;
    for (size_t i = 0;
         i < RECORD_MAX_HEADERS && !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++)
        record->headers[record->header_count++] =
            (struct record_header){span_of(name), span_or_none(value, size)};
}

void message_to_record(const rd_kafka_message_t *message, int source, struct record *record)
{
    rd_kafka_timestamp_type_t type;
    record->topic = span_of(rd_kafka_topic_name(message->rkt));
    record->source = source;
    record->partition = message->partition;
    record->offset = message->offset;
    record->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    record->key = span_or_none(message->key, message->key_len);
    record->value = span_or_none(message->payload, message->len);
    take_headers(message, record);
}

static void *not_const(struct span span)
{
    union {
        const void *from;
        void *to;
    } pointer = {span.at}; /* the library copies, but its field is not const */
    return pointer.to;
}

static rd_kafka_headers_t *make_headers(const struct output *output)
{
    if (output->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(output->header_count);
    for (size_t i = 0; i < output->header_count; i++) {
        const struct record_header *header = &output->headers[i];
        (void)rd_kafka_header_add(headers, header->name.at, (ssize_t)header->name.len,
                                  header->value.at,
                                  header->value.at ? (ssize_t)header->value.len : 0);
    }
    return headers;
}

/* Headers go as one object of ours: given one by one, the library frees them twice when it knows
 * that the topic is denied or gone (librdkafka 4627). */
rd_kafka_error_t *message_produce(rd_kafka_t *handle, rd_kafka_topic_t *topic, int32_t partition,
                                  const struct output *output, void *tag)
{
    rd_kafka_headers_t *headers = make_headers(output);
    rd_kafka_vu_t parts[7];
    size_t count = 0;
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition};
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY};
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_KEY,
                                     .u.mem = {not_const(output->key), output->key.len}};
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_VALUE,
                                     .u.mem = {not_const(output->value), output->value.len}};
    parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = tag};
    if (headers)
        parts[count++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    rd_kafka_error_t *cause = rd_kafka_produceva(handle, parts, count);
    if (cause && headers)
        rd_kafka_headers_destroy(headers);
    return cause;
}

int32_t message_partition(const struct output *output, int32_t partitions)
{
    int32_t partition = output->partition;
    if (partition == OUTPUT_BY_KEY)
        partition = partitions > 0 ? murmur2_partition(output->key, partitions) : -1;
    return partition >= 0 && partition < partitions ? partition : -1;
}

size_t message_size(const struct output *output)
{
    size_t size = output->key.len + output->value.len;
    for (size_t i = 0; i < output->header_count; i++)
        size += output->headers[i].name.len + output->headers[i].value.len;
    return size;
}
