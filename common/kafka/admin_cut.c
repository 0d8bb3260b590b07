/* SPDX-License-Identifier: Apache-2.0 */
/* DeleteRecords: the only way to take something out of a log, and only from its beginning. */
#include "kafka/admin_internal.h"

enum { TIMEOUT_MS = 30000 };

static bool read_answer(rd_kafka_event_t *event, struct error *error)
{
    if (!event)
        return error_set(error, ERROR_RETRY, 0, "delete records: no answer in time");
    if (rd_kafka_event_error(event))
        return error_set(error, ERROR_RETRY, (int)rd_kafka_event_error(event), "delete records: %s",
                         rd_kafka_event_error_string(event));
    const rd_kafka_topic_partition_list_t *list =
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err)
            return error_set(error, ERROR_REFUSED, (int)list->elems[i].err, "%s/%d: %s",
                             list->elems[i].topic, (int)list->elems[i].partition,
                             rd_kafka_err2str(list->elems[i].err));
    return true;
}

bool admin_cut(struct admin *admin, const char *topic, const int64_t *before, int32_t partitions,
               struct error *error)
{
    char reason[200];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int32_t p = 0; p < partitions; p++)
        if (before[p] > 0)
            rd_kafka_topic_partition_list_add(list, topic, p)->offset = before[p];
    bool good = true;
    if (list->cnt > 0) {
        rd_kafka_AdminOptions_t *options =
            rd_kafka_AdminOptions_new(admin->handle, RD_KAFKA_ADMIN_OP_DELETERECORDS);
        rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
        rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, reason, sizeof(reason));
        rd_kafka_DeleteRecords(admin->handle, &request, 1, options, admin->queue);
        rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, TIMEOUT_MS + 5000);
        good = read_answer(event, error);
        if (event)
            rd_kafka_event_destroy(event);
        rd_kafka_DeleteRecords_destroy(request);
        rd_kafka_AdminOptions_destroy(options);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}
