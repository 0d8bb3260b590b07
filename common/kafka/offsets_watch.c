/* SPDX-License-Identifier: Apache-2.0 */
/* One question at a time, three blocking calls in a pool thread: which topics there are, where they
 * end for a read_committed reader (the last stable offset, one past a commit's marker once that is
 * written), and what the group has committed. A partition that gives no answer has end -1: no
 * answer is never an end. */
#include "kafka/offsets_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/topic_catalog.h"

enum { TIMEOUT_MS = 5000, MOST_PATTERNS = 64 };

struct offsets_watch {
    struct daemon *daemon;
    const struct kafka_settings *settings;
    rd_kafka_t *handle; /* read_committed consumer, member of no group; owned */
    uv_work_t work;
    bool busy, closing;
    char *patterns[MOST_PATTERNS]; /* of the question; with prefix; owned */
    size_t pattern_count;
    char group[KAFKA_MAX_NAME];
    offsets_watch_fn *answer;
    void *context;
    rd_kafka_topic_partition_list_t *list; /* the ends; owned */
    struct offsets_end *ends;              /* topics borrowed from list; owned */
    struct error error;
    bool fine;
};

struct offsets_watch *offsets_watch_open(struct daemon *daemon,
                                         const struct kafka_settings *settings, struct error *error)
{
    char group[KAFKA_MAX_NAME];
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "watch", error);
    if (!conf)
        return NULL;
    kafka_client_name(settings, settings->group ? settings->group : "watch", group, sizeof(group));
    if (!kafka_client_set(conf, "group.id", group, error) ||
        !kafka_client_set(conf, "isolation.level", "read_committed", error) ||
        !kafka_client_set(conf, "enable.auto.commit", "false", error) ||
        !kafka_client_set(conf, "allow.auto.create.topics", "false", error)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *handle = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (!handle)
        return NULL;
    struct offsets_watch *watch = xcalloc(1, sizeof(*watch));
    watch->daemon = daemon;
    watch->settings = settings;
    watch->handle = handle;
    return watch;
}

static bool is_wanted(const struct offsets_watch *watch, const char *topic)
{
    for (size_t i = 0; i < watch->pattern_count; i++) {
        const char *pattern = watch->patterns[i];
        size_t len = strlen(pattern);
        bool family = len > 0 && pattern[len - 1] == '*';
        if (family ? strncmp(topic, pattern, len - 1) == 0 : strcmp(topic, pattern) == 0)
            return true;
    }
    return false;
}

static bool list_partitions(struct offsets_watch *watch)
{
    struct topic_catalog catalog;
    if (!topic_catalog_read(&catalog, watch->handle, watch->settings->prefix, TIMEOUT_MS,
                            &watch->error))
        return false;
    watch->list = rd_kafka_topic_partition_list_new(16);
    for (size_t i = 0; i < catalog.count; i++)
        for (int32_t p = 0;
             p < catalog.entries[i].partitions && is_wanted(watch, catalog.entries[i].name); p++)
            rd_kafka_topic_partition_list_add(watch->list, catalog.entries[i].name, p)->offset =
                RD_KAFKA_OFFSET_END; /* -1 as a timestamp: the latest */
    topic_catalog_fini(&catalog);
    watch->ends = xcalloc((size_t)watch->list->cnt + 1, sizeof(watch->ends[0]));
    return true;
}

static bool ask_ends(struct offsets_watch *watch)
{
    rd_kafka_resp_err_t code =
        watch->list->cnt > 0 ? rd_kafka_offsets_for_times(watch->handle, watch->list, TIMEOUT_MS)
                             : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code)
        return error_set(&watch->error, ERROR_RETRY, (int)code, "ends: %s", rd_kafka_err2str(code));
    for (int i = 0; i < watch->list->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &watch->list->elems[i];
        bool answered = !partition->err && partition->offset >= 0;
        watch->ends[i] = (struct offsets_end){partition->topic, partition->partition,
                                              answered ? partition->offset : -1, -1};
    }
    return true;
}

static void take_committed(struct offsets_watch *watch,
                           const rd_kafka_topic_partition_list_t *committed)
{
    for (int i = 0; i < watch->list->cnt; i++) {
        const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
            committed, watch->ends[i].topic, watch->ends[i].partition);
        if (found && !found->err && found->offset >= 0)
            watch->ends[i].committed = found->offset;
    }
}

static bool read_groups(struct offsets_watch *watch, rd_kafka_event_t *event)
{
    size_t count;
    const rd_kafka_ListConsumerGroupOffsets_result_t *result =
        rd_kafka_event_ListConsumerGroupOffsets_result(event);
    const rd_kafka_group_result_t **groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_error_t *cause = rd_kafka_group_result_error(groups[i]);
        if (cause)
            return error_set(&watch->error, ERROR_RETRY, (int)rd_kafka_error_code(cause),
                             "group %s: %s", watch->group, rd_kafka_error_string(cause));
        take_committed(watch, rd_kafka_group_result_partitions(groups[i]));
    }
    return true;
}

static bool ask_group(struct offsets_watch *watch)
{
    char reason[200];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(watch->handle);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(watch->handle, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, reason, sizeof(reason));
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(watch->group, NULL);
    rd_kafka_ListConsumerGroupOffsets(watch->handle, &question, 1, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS + 1000);
    bool fine = false;
    if (!event)
        error_set(&watch->error, ERROR_RETRY, 0, "group %s: no answer in time", watch->group);
    else if (rd_kafka_event_error(event))
        error_set(&watch->error, ERROR_RETRY, (int)rd_kafka_event_error(event), "group %s: %s",
                  watch->group, rd_kafka_event_error_string(event));
    else
        fine = read_groups(watch, event);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return fine;
}

static void ask(uv_work_t *work)
{
    struct offsets_watch *watch = work->data;
    while (rd_kafka_poll(watch->handle, 0) > 0) /* errors and logs, or they pile up */
        ;
    watch->fine = list_partitions(watch) && ask_ends(watch) && ask_group(watch);
}

static void forget(struct offsets_watch *watch)
{
    for (size_t i = 0; i < watch->pattern_count; i++)
        free(watch->patterns[i]);
    watch->pattern_count = 0;
    if (watch->list)
        rd_kafka_topic_partition_list_destroy(watch->list);
    free(watch->ends);
    watch->list = NULL;
    watch->ends = NULL;
}

static void discard(struct offsets_watch *watch)
{
    forget(watch);
    rd_kafka_destroy_flags(watch->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(watch);
}

static void asked(uv_work_t *work, int status)
{
    (void)status;
    struct offsets_watch *watch = work->data;
    watch->busy = false;
    if (watch->closing) {
        discard(watch);
        return;
    }
    /* The answer may ask anew: what it is given must outlive that. */
    struct offsets_watch told = *watch;
    watch->pattern_count = 0;
    watch->list = NULL;
    watch->ends = NULL;
    size_t count = told.fine ? (size_t)told.list->cnt : 0;
    told.answer(told.context, told.ends, count, told.fine ? NULL : &told.error);
    forget(&told);
}

bool offsets_watch_ask(struct offsets_watch *watch, const char *const *topics, size_t count,
                       const char *group, offsets_watch_fn *answer, void *context)
{
    char name[KAFKA_MAX_NAME];
    if (watch->busy || count > MOST_PATTERNS)
        return false;
    for (size_t i = 0; i < count; i++)
        watch->patterns[i] =
            xstrdup(kafka_client_name(watch->settings, topics[i], name, sizeof(name)));
    watch->pattern_count = count;
    kafka_client_name(watch->settings, group, watch->group, sizeof(watch->group));
    watch->answer = answer;
    watch->context = context;
    watch->error = (struct error){0};
    watch->busy = true;
    watch->work.data = watch;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, ask, asked);
    return true;
}

void offsets_watch_close(struct offsets_watch *watch)
{
    watch->closing = true;
    if (!watch->busy)
        discard(watch);
}
