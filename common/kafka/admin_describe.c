/* SPDX-License-Identifier: Apache-2.0 */
/* DescribeConfigs: what topics and brokers are set to, asked in bounded requests. */
#include <stdio.h>
#include <string.h>

#include "kafka/admin_internal.h"

enum { TIMEOUT_MS = 15000, A_REQUEST = 50 };

struct asking {
    const char *const *names;
    size_t first, count; /* of this request */
    admin_setting_fn *each;
    void *context;
};

static size_t index_of(const struct asking *asking, const char *name)
{
    for (size_t i = asking->first; i < asking->first + asking->count; i++)
        if (strcmp(asking->names[i], name) == 0)
            return i;
    return asking->first;
}

static void give(const struct asking *asking, const rd_kafka_ConfigResource_t *resource)
{
    size_t count, index = index_of(asking, rd_kafka_ConfigResource_name(resource));
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value) /* secrets have none */
            asking->each(asking->context, index, rd_kafka_ConfigEntry_name(entries[i]), value);
    }
}

static bool read_answer(rd_kafka_event_t *event, const struct asking *asking, struct error *error)
{
    if (!event)
        return error_set(error, ERROR_RETRY, 0, "describe configs: no answer in time");
    if (rd_kafka_event_error(event))
        return error_set(error, ERROR_RETRY, (int)rd_kafka_event_error(event),
                         "describe configs: %s", rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[i]);
        if (code)
            return error_set(error, ERROR_REFUSED, (int)code, "%s: %s",
                             rd_kafka_ConfigResource_name(resources[i]), rd_kafka_err2str(code));
        give(asking, resources[i]);
    }
    return true;
}

static bool ask(struct admin *admin, rd_kafka_ResourceType_t type, const struct asking *asking,
                struct error *error)
{
    rd_kafka_ConfigResource_t *resources[A_REQUEST];
    char reason[200];
    for (size_t i = 0; i < asking->count; i++)
        resources[i] = rd_kafka_ConfigResource_new(type, asking->names[asking->first + i]);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(admin->handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, reason, sizeof(reason));
    rd_kafka_DescribeConfigs(admin->handle, resources, asking->count, options, admin->queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, TIMEOUT_MS + 5000);
    bool good = read_answer(event, asking, error);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy_array(resources, asking->count);
    return good;
}

bool admin_describe_topics(struct admin *admin, const char *const *names, size_t count,
                           admin_setting_fn *each, void *context, struct error *error)
{
    struct asking asking = {.names = names, .each = each, .context = context};
    for (; asking.first < count; asking.first += A_REQUEST) {
        size_t left = count - asking.first;
        asking.count = left < A_REQUEST ? left : A_REQUEST;
        if (!ask(admin, RD_KAFKA_RESOURCE_TOPIC, &asking, error))
            return false;
    }
    return true;
}

bool admin_describe_broker(struct admin *admin, admin_setting_fn *each, void *context,
                           struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(admin->handle, 0, NULL, &metadata, TIMEOUT_MS);
    if (code)
        return error_set(error, ERROR_RETRY, (int)code, "metadata: %s", rd_kafka_err2str(code));
    char id[16];
    const char *names[] = {id};
    snprintf(id, sizeof(id), "%d", metadata->broker_cnt > 0 ? (int)metadata->brokers[0].id : 0);
    rd_kafka_metadata_destroy(metadata);
    struct asking asking = {.names = names, .count = 1, .each = each, .context = context};
    return ask(admin, RD_KAFKA_RESOURCE_BROKER, &asking, error);
}
