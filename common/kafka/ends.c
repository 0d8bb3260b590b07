/* SPDX-License-Identifier: Apache-2.0 */
/* rd_kafka_offsets_for_times takes the special times, and gives up in time. What it left unanswered
 * still holds the time. */
#include "kafka/ends.h"

bool ends_ask(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *list, enum ends_which which,
              int timeout_ms, struct error *error)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = which;
    if (list->cnt == 0)
        return true;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(handle, list, timeout_ms);
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *of = &list->elems[i];
        code = code ? code : of->err;
        if (!code && of->offset < 0)
            code = RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (code)
            return error_set(error, ERROR_RETRY, (int)code, "offsets of %s/%d: %s", of->topic,
                             (int)of->partition, rd_kafka_err2str(code));
    }
    return true;
}

bool ends_ask_one(rd_kafka_t *handle, const char *topic, int32_t partition, enum ends_which which,
                  int timeout_ms, int64_t *offset, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    bool good = ends_ask(handle, list, which, timeout_ms, error);
    *offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}
