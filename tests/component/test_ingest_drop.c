/* SPDX-License-Identifier: Apache-2.0 */
/* Drop directories over the mock cluster: which files are taken, where they go, and what their
 * receipts say, while brokers refuse and files are odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "ingest/door_drop.h"

#include "../support/kafka_mock.h"
#include "../unit/daemon/http_client.h"

#define HEADER                                                                                                                        \
    "工单编号,诉求性质,问题分类,反映社区,反映街乡,承办单位,受理时间,截止时间,来电人,来电号码," \
    "主要内容,办结时间,结案时间,更新时间\n"
#define ROW(id, kind) id "," kind ",R0105,,110105001,,2026-01-05 08:00:00,,,,,,,\n"
#define LEFT          "20260105T010203.456Z-left.utf8.csv"

static struct {
    struct kafka_mock mock;
    struct ingest_config config;
    struct ingest_clock clock;
    struct daemon *daemon;
    struct doors *doors;
    struct door_drop *drop;
    char root[64];
    uv_timer_t beat; /* the loop wakes up to be asked */
} here;

static void on_beat(uv_timer_t *timer)
{
    (void)timer;
}

static char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/hotline_csv/%s", here.root, name);
    return path;
}

/* Written under a hidden name, then renamed: as a careful sender does it. */
static void drop_bytes(const char *name, const void *bytes, size_t len)
{
    char hidden[256];
    snprintf(hidden, sizeof hidden, "%s", path_of(".coming"));
    FILE *file = fopen(hidden, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(rename(hidden, path_of(name)), 0);
}

static void drop(const char *name, const char *text)
{
    drop_bytes(name, text, strlen(text));
}

/* The one file that a pattern names, read; NULL where there is none. */
static char *find(const char *pattern)
{
    static char text[1 << 20];
    glob_t found;
    char *result = NULL;
    if (glob(path_of(pattern), 0, NULL, &found) == 0 && found.gl_pathc == 1) {
        FILE *file = fopen(found.gl_pathv[0], "r");
        size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
        text[len] = 0;
        result = text;
        if (file)
            fclose(file);
    }
    globfree(&found);
    return result;
}

/* Runs the loop until the file is there, and returns what is in it. */
static char *await(const char *pattern)
{
    uint64_t deadline = uv_hrtime() + 20000000000U;
    char *text;
    while (!(text = find(pattern)) && uv_hrtime() < deadline)
        uv_run(daemon_loop(here.daemon), UV_RUN_ONCE);
    if (!text)
        fail_msg("%s did not come", pattern);
    return text;
}

static void run_ms(uint64_t ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000;
    while (uv_hrtime() < until)
        uv_run(daemon_loop(here.daemon), UV_RUN_ONCE);
}

static int64_t count_raw(void)
{
    int none[1];
    return kafka_mock_read(&here.mock, "cb.raw", 3, none, 0);
}

/* A record of raw as text, without the time it was received: value, then its header. */
struct texts {
    char *list[64];
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *text_of(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const void *header;
    size_t size;
    assert_false(rd_kafka_message_headers(message, &headers));
    assert_false(rd_kafka_header_get_last(headers, "cb", &header, &size));
    char *text = calloc(1, message->len + size + 3);
    assert_non_null(text);
    snprintf(text, message->len + size + 3, "%.*s\n%.*s", (int)message->len,
             (const char *)message->payload, (int)size, (const char *)header);
    char *received = strstr(text, "\"received\":");
    assert_non_null(received);
    char *behind = strchr(received, ',');
    memmove(received, behind, strlen(behind) + 1);
    return text;
}

/* What came to raw behind these offsets, sorted; they are moved to its ends. */
static void read_raw(int64_t offsets[3], struct texts *texts)
{
    rd_kafka_t *consumer = kafka_mock_client(&here.mock, RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    for (int p = 0; p < 3; p++)
        rd_kafka_topic_partition_list_add(list, "cb.raw", p)->offset = offsets[p];
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    texts->count = 0;
    for (int left = 3; left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 10000);
        assert_non_null(message);
        left -= message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!message->err) {
            offsets[message->partition] = message->offset + 1;
            if (texts->count < ARRAY_LENGTH(texts->list))
                texts->list[texts->count++] = text_of(message);
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    qsort(texts->list, texts->count, sizeof texts->list[0], by_text);
}

static int open_drop(void **state)
{
    static struct options options;
    static char brokers[128], root[128];
    struct error error = {0};
    (void)state;
    kafka_mock_start(&here.mock);
    rd_kafka_mock_topic_create(here.mock.cluster, "cb.raw", 3, 1);
    snprintf(here.root, sizeof here.root, "/tmp/cb-drop-XXXXXX");
    if (!mkdtemp(here.root))
        return 1;
    mkdir(path_of(""), 0777);
    mkdir(path_of("working"), 0777);
    drop("working/" LEFT, HEADER ROW("L1", "投诉"));
    snprintf(brokers, sizeof brokers, "kafka.brokers=%s", kafka_mock_brokers(&here.mock));
    snprintf(root, sizeof root, "ingest.drop=%s", here.root);
    options = (struct options){.config_path = "config/ingest.yaml",
                               .set = {brokers, root, "ingest.role=doors",
                                       "ingest.listen=127.0.0.1:0", "ingest.drop_stable=300ms",
                                       "ingest.drop_look=50ms", "ingest.insecure_bearer=true"},
                               .set_count = 7};
    if (!ingest_config_load(&here.config, &options, &error))
        return 1;
    ingest_clock_init(&here.clock, false, "");
    here.daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                      .admin_listen = "127.0.0.1:0",
                                                      .drain_deadline_ms = 1000},
                             &error);
    here.doors = here.daemon ? doors_open(here.daemon, &here.config, &here.clock, &error) : NULL;
    here.drop = here.doors ? door_drop_open(here.doors, &error) : NULL;
    if (!here.drop) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    uv_timer_init(daemon_loop(here.daemon), &here.beat);
    uv_timer_start(&here.beat, on_beat, 20, 20);
    return 0;
}

static void what_a_dead_process_left_is_read_with_its_own_time(void **state)
{
    (void)state;
    const char *receipt = await("done/" LEFT ".json");
    assert_non_null(strstr(receipt, "\"result\":\"done\""));
    assert_non_null(strstr(receipt, "\"file\":\"left.utf8.csv\""));
    assert_non_null(strstr(receipt, "\"received\":1767574923456,"));
    await("done/" LEFT);
    assert_null(find("working/*"));
}

static void a_file_is_stored_and_each_reject_is_named(void **state)
{
    (void)state;
    int64_t before = count_raw();
    drop("a.utf8.csv", HEADER ROW("A1", "投诉") ROW("A2", "闲聊") "A3,short\n");
    await("done/*-a.utf8.csv");
    assert_int_equal(count_raw(), before + 3);
    const char *json = find("done/*-a.utf8.csv.json");
    assert_non_null(strstr(json, "\"records\":3,\"accepted\":1,\"rejected\":2"));
    assert_non_null(strstr(json, "{\"row\":2,\"verdict\":\"rejected\",\"record\":\"A2\",\"reason\":"
                                 "\"unknown_code\",\"pointer\":\"诉求性质\",\"column\":2,"));
    assert_non_null(strstr(json, "\"row\":3,\"verdict\":\"rejected\""));
    const char *text = find("done/*-a.utf8.csv.txt");
    assert_non_null(strstr(text, "共 3 条，接收 1 条，拒收 2 条"));
    assert_non_null(strstr(text, "[编号 A2]"));
    assert_non_null(strstr(text, "[bad_column_count]"));
}

static void the_same_content_adds_nothing(void **state)
{
    (void)state;
    int64_t before = count_raw();
    drop("again.utf8.csv", HEADER ROW("A1", "投诉") ROW("A2", "闲聊") "A3,short\n");
    const char *json = await("done/*-again.utf8.csv.json");
    assert_non_null(strstr(json, "\"result\":\"repeat\""));
    assert_non_null(strstr(json, "-a.utf8.csv\""));
    await("done/*-again.utf8.csv");
    assert_non_null(strstr(find("done/*-again.utf8.csv.txt"), "新增 0 条"));
    assert_int_equal(count_raw(), before);
}

static void a_file_that_is_not_whole_stays(void **state)
{
    (void)state;
    drop("b.csv.part", HEADER);
    int fd = open(path_of("c.utf8.csv"), O_CREAT | O_WRONLY, 0666);
    assert_int_equal(write(fd, HEADER, strlen(HEADER)), strlen(HEADER));
    run_ms(900);
    assert_non_null(find("b.csv.part"));
    assert_non_null(find("c.utf8.csv")); /* a writer has it, however old it is */
    close(fd);
    await("done/*-c.utf8.csv");
    unlink(path_of("b.csv.part"));
}

static void what_cannot_be_taken_as_a_whole_is_set_aside_with_its_reason(void **state)
{
    static const struct {
        const char *name, *bytes, *reason;
        size_t len;
    } rows[] = {
        {"empty.csv", "", "empty_file", 0},
        {"book.csv", "PK\x03\x04 a workbook", "not_text", 15},
        {"wide.csv", "a\0b\0", "not_text", 4},
        {"odd.json", "{}", "wrong_format", 2},
        {"drift.utf8.csv", "编号,时间\n1,2\n", "header_drift", 0},
        {"bare.utf8.csv", "编号,时间\n", "header_drift", 0},
    };
    (void)state;
    int64_t before = count_raw();
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char pattern[64];
        drop_bytes(rows[i].name, rows[i].bytes, rows[i].len ? rows[i].len : strlen(rows[i].bytes));
        snprintf(pattern, sizeof pattern, "failed/*-%s", rows[i].name);
        await(pattern);
        snprintf(pattern, sizeof pattern, "failed/*-%s.json", rows[i].name);
        const char *json = find(pattern);
        assert_non_null(json);
        assert_non_null(strstr(json, "\"result\":\"failed\""));
        if (!strstr(json, rows[i].reason))
            fail_msg("%s: %s", rows[i].name, json);
        bool drifted = strcmp(rows[i].reason, "header_drift") == 0;
        if (drifted && !strstr(json, "；缺少“"))
            fail_msg("it is not said what the header lacks: %s", json);
    }
    assert_int_equal(count_raw(), before);
}

static void a_quote_that_is_never_closed_is_named_by_its_row(void **state)
{
    (void)state;
    static char text[3 << 20];
    int64_t before = count_raw();
    memset(text, 'x', sizeof text - 1);
    int front = snprintf(text, sizeof text, "%s%s\"", HEADER, ROW("Q1", "投诉"));
    text[front] = 'x';
    drop("quote.utf8.csv", text);
    const char *json = await("failed/*-quote.utf8.csv.json");
    assert_non_null(strstr(json, "\"reason\":\"item_too_long\""));
    assert_non_null(strstr(json, "\"row\":2,"));
    assert_int_equal(count_raw(), before);
}

/* Some records of a batch are refused: all of it is sent again, the receipt counts each once. */
static void what_the_broker_refuses_is_sent_again(void **state)
{
    rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
                                    RD_KAFKA_RESP_ERR_POLICY_VIOLATION};
    (void)state;
    int64_t before = count_raw();
    rd_kafka_mock_push_request_errors_array(here.mock.cluster, 0 /* Produce */, 2, errors);
    drop("refused.utf8.csv", HEADER ROW("R1", "投诉") ROW("R2", "闲聊"));
    await("done/*-refused.utf8.csv");
    const char *json = find("done/*-refused.utf8.csv.json");
    assert_non_null(strstr(json, "\"records\":2,\"accepted\":1,\"rejected\":1"));
    assert_null(strstr(strstr(json, "R2") + 1, "R2"));
    assert_true(count_raw() >= before + 2);
}

static void a_record_that_the_topic_never_takes_stops_the_file(void **state)
{
    rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    (void)state;
    rd_kafka_mock_push_request_errors_array(here.mock.cluster, 0 /* Produce */, 2, errors);
    drop("large.utf8.csv", HEADER ROW("T1", "投诉"));
    const char *json = await("failed/*-large.utf8.csv.json");
    assert_non_null(strstr(json, "\"reason\":\"topic_refuses\""));
    assert_non_null(strstr(json, "\"row\":1,"));
}

/* Ids are made of feed, upload, row and value alone, so they are the same through either door. */
static void an_http_upload_makes_the_same_records(void **state)
{
    static const char body[] = HEADER ROW("S1", "投诉")
        ROW("S2", "闲聊") "S3,short\n\n" ROW("S4", "\"咨\"询") ROW("S5", "求助");
    static struct texts dropped, posted;
    static char request[4096];
    int64_t offsets[3] = {0};
    struct exchange exchange = {.send = request};
    (void)state;
    read_raw(offsets, &dropped); /* what was there before */
    drop("same.utf8.csv", body);
    await("done/*-same.utf8.csv");
    read_raw(offsets, &dropped);
    snprintf(request, sizeof request,
             "POST /v1/feeds/hotline_csv HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer "
             "demo-hotline_csv\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Length: "
             "%zu\r\n\r\n%s",
             strlen(body), body);
    client_run(daemon_loop(here.daemon), http_server_port(here.doors->server), &exchange, 1);
    assert_int_equal(exchange.status, 200);
    read_raw(offsets, &posted);
    assert_int_equal(dropped.count, 5);
    assert_int_equal(posted.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(dropped.list[i], posted.list[i]);
        free(dropped.list[i]);
        free(posted.list[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_dead_process_left_is_read_with_its_own_time),
        cmocka_unit_test(a_file_is_stored_and_each_reject_is_named),
        cmocka_unit_test(the_same_content_adds_nothing),
        cmocka_unit_test(a_file_that_is_not_whole_stays),
        cmocka_unit_test(what_cannot_be_taken_as_a_whole_is_set_aside_with_its_reason),
        cmocka_unit_test(a_quote_that_is_never_closed_is_named_by_its_row),
        cmocka_unit_test(an_http_upload_makes_the_same_records),
        cmocka_unit_test(what_the_broker_refuses_is_sent_again),
        cmocka_unit_test(a_record_that_the_topic_never_takes_stops_the_file),
    };
    log_open("test", LOG_LEVEL_ERROR);
    int failed = cmocka_run_group_tests(tests, open_drop, NULL);
    char remove[96];
    snprintf(remove, sizeof remove, "rm -rf %s", here.root);
    if (system(remove) != 0)
        failed++;
    fflush(stdout);
    _exit(failed); /* as the daemon ends: producer and door have no other end */
}
