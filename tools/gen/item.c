/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are those of config/feeds/hotline.yaml and hotline_csv.yaml. Names, telephones and
 * texts are invented and stand only in fields which that mapping drops; no telephone here can be
 * dialled. */
#include "gen/item.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base.h"
#include "base/charset.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "gen/base64.h"
#include "gen/observe.h"
#include "gen/review.h"
#include "gen/row.h"
#include "gen/turn.h"

#define DAY_MS   INT64_C(86400000)
#define STREAM   UINT64_C(0x726561736f6e) /* so that no other lots move */
#define BAD_MARK '\x01'                   /* becomes a byte that GB18030 does not have */

static const char *const kind_words[] = {"咨询", "求助", "投诉", "举报", "建议", "表扬"};
static const char *const stage_words[] = {"signed", "contacted", "resolved", "closed"};
static const char *const surnames[] = {"赵", "钱", "孙", "李", "周", "吴", "郑", "王",
                                       "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨"};
static const char *const spots[] = {"楼前",     "小区北门", "地下车库", "三单元",   "主干道路口",
                                    "便民菜站", "居民楼内", "底商门口", "健身广场", "公交站旁"};
static const char *const since[] = {"今早发现", "已持续两天", "近一周反复出现", "昨晚开始",
                                    "已有一周"};
static const char *const wishes[] = {"请尽快派人处理", "希望相关部门现场核实", "盼复",
                                     "请说明处理时限", "影响老人出行,请协调解决"};

struct item_writer {
    struct row row;
    struct strbuf csv;
    struct charset_converter *converter;
    struct arena arena;
};

struct item_writer *item_writer_new(void)
{
    struct item_writer *writer = xcalloc(1, sizeof *writer);
    row_init(&writer->row);
    strbuf_init(&writer->csv, 4096, 65536);
    arena_init(&writer->arena, 1 << 18);
    writer->converter = charset_converter_new();
    return writer;
}

void item_writer_free(struct item_writer *writer)
{
    row_fini(&writer->row);
    strbuf_fini(&writer->csv);
    arena_fini(&writer->arena);
    charset_converter_free(writer->converter);
    free(writer);
}

static void add_time(struct row *row, const char *name, int64_t ms)
{
    struct civil civil;
    if (ms == TIMESTAMP_NONE) {
        row_add(row, name, SPAN_NONE);
        return;
    }
    timestamp_to_civil(ms, LIFE_ZONE_MINUTES, &civil);
    row_addf(row, name, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
             civil.hour, civil.minute, civil.second);
}

/* The order's own number: day, seed, count. */
static void number_of(char number[64], const struct day *day, size_t life)
{
    struct civil civil;
    timestamp_to_civil(day->frame.begins_ms, LIFE_ZONE_MINUTES, &civil);
    snprintf(number, 64, "%04d%02d%02d-%llu-%06zu", civil.year, civil.month, civil.day,
             (unsigned long long)day->frame.seed, life + 1);
}

/* What the mapping drops. */
static void add_private(struct row *row, const struct day *day, const struct life *life)
{
    struct draw draw = {life->words};
    struct span place = SPAN("某处"), type = SPAN("未分类问题");
    if (life->place != POOL_NONE)
        place = day->pool->places[life->place].name;
    if (life->type != POOL_NONE)
        type = day->pool->types[life->type].name;
    const char *surname = surnames[draw_below(&draw, ARRAY_LENGTH(surnames))];
    row_addf(row, "来电人", "%s%s", surname, draw_chance(&draw, 500) ? "女士" : "先生");
    row_addf(row, "来电号码", "000%08lld", (long long)draw_between(&draw, 0, 99999999));
    const char *spot = spots[draw_below(&draw, ARRAY_LENGTH(spots))];
    const char *when = since[draw_below(&draw, ARRAY_LENGTH(since))];
    if (life->again)
        when = "再次反映,仍未解决";
    row_addf(row, "主要内容", "%.*s%s,%.*s,%s,%s。%.*s", SPAN_ARG(place), spot, SPAN_ARG(type),
             when, wishes[draw_below(&draw, ARRAY_LENGTH(wishes))], life->fault == LIFE_BAD_BYTES,
             (const char[]){BAD_MARK, 0});
    if (life->csv || life->place == POOL_NONE ||
        day->pool->places[life->place].station == POOL_NONE)
        return;
    row_add(row, "上报站点", day->pool->stations[day->pool->places[life->place].station]);
}

static void add_opening(struct row *row, const struct day *day, const struct day_item *item,
                        const struct life *life)
{
    bool corrected =
        life->corrected_ms != TIMESTAMP_NONE && item->revision_ms >= life->corrected_ms;
    const struct pool *pool = day->pool;
    size_t place = corrected ? life->corrected_place : life->place;
    const char *kind = kind_words[corrected ? life->corrected_kind : life->kind];
    if (life->fault == LIFE_BAD_KIND)
        kind = "闲聊";
    if (life->fault == LIFE_NO_KIND)
        kind = "";
    row_add(row, "诉求性质", span_of(kind));
    row_add(row, "问题分类", life->type == POOL_NONE ? SPAN_NONE : pool->types[life->type].code);
    row_add(row, "反映社区", place == POOL_NONE ? SPAN_NONE : pool->places[place].code);
    row_add(row, "反映街乡", place == POOL_NONE ? SPAN_NONE : pool->places[place].street);
    if (life->fault == LIFE_BAD_DATE)
        row_add(row, "受理时间", SPAN("2026-13-40 25:61"));
    else
        add_time(row, "受理时间",
                 life->fault == LIFE_AHEAD ? day->frame.ends_ms + DAY_MS : life->opened_ms);
    struct span named = life->turn.kind == TURN_UPHELD ? life->turn.lead : life->lead;
    row_add(row, "承办单位", life->names_lead ? named : SPAN_NONE);
    add_time(row, "截止时间", life->due_ms);
    if (life->csv)
        return; /* its header is strict */
    row_addf(row, "来电人标识", "S%012llx", (unsigned long long)(life->words & 0xffffffffffff));
    if (life->again)
        row_add(row, "特殊情形", SPAN("再次反映"));
}

static void fill_row(struct row *row, const struct day *day, const struct day_item *item,
                     const struct life *life)
{
    int64_t resolved = life->moment[LIFE_RESOLVED], closed = life->moment[LIFE_CLOSED];
    int64_t told_ms = life->told[LIFE_CLOSED]     ? closed
                      : life->told[LIFE_RESOLVED] ? resolved
                                                  : TIMESTAMP_NONE;
    char number[64];
    number_of(number, day, item->life);
    row_reset(row);
    row_add(row, "工单编号", life->fault == LIFE_NO_NUMBER ? SPAN_NONE : span_of(number));
    add_opening(row, day, item, life);
    add_time(row, "办结时间", life->told[LIFE_RESOLVED] ? resolved : TIMESTAMP_NONE);
    add_time(row, "结案时间",
             life->told[LIFE_CLOSED] || closed <= item->revision_ms ? closed : TIMESTAMP_NONE);
    add_time(row, "更新时间", told_ms > item->revision_ms ? told_ms : item->revision_ms);
    add_private(row, day, life);
}

/* In UTF-8 with a byte order mark, as the call centre exports it. */
static void write_review(struct item_writer *writer, struct strbuf *out, const struct day *day,
                         const struct day_item *item)
{
    char number[64];
    number_of(number, day, item->life);
    review_fill(&writer->row, number, &day->lives[item->life]);
    strbuf_reset(&writer->csv);
    strbuf_add(&writer->csv, SPAN("\xEF\xBB\xBF"));
    row_write_csv(&writer->row, &writer->csv);
    strbuf_add(out, SPAN("\"/v1/feeds/callbacks\",\"type\":\"text/csv\",\"item\":\""));
    base64_write(out, strbuf_span(&writer->csv));
    strbuf_add_char(out, '"');
}

static void write_upload(struct item_writer *writer, struct strbuf *out)
{
    struct span bytes = SPAN_NONE;
    strbuf_reset(&writer->csv);
    arena_reset(&writer->arena);
    row_write_csv(&writer->row, &writer->csv);
    charset_from_utf8(writer->converter, CHARSET_GB18030, strbuf_span(&writer->csv), &writer->arena,
                      &bytes);
    char *mark = memchr(bytes.at, BAD_MARK, bytes.len); /* in our arena */
    if (mark)
        *mark = (char)0xFF;
    strbuf_add(out, SPAN("\"/v1/feeds/hotline_csv\",\"type\":\"text/csv\",\"item\":\""));
    base64_write(out, bytes);
    strbuf_add_char(out, '"');
}

static struct span teller_of(const struct day_item *item, const struct life *life)
{
    if (item->kind == DAY_SAID || item->kind == DAY_ENDED)
        return SPAN("desk");
    if (item->kind == DAY_FIRST || item->kind == DAY_ASKED)
        return life->turn.lead;
    return item->kind == DAY_FOREIGN ? life->foreign : life->lead;
}

static const char *stage_of(const struct day_item *item, enum life_turn_kind turn)
{
    if (item->kind == DAY_GARBLED)
        return "arrived";
    if (item->kind == DAY_ASKED)
        return turn == TURN_HELD ? "hold_requested" : "disputed";
    if (item->kind == DAY_ENDED)
        return "resumed";
    if (item->kind != DAY_SAID)
        return stage_words[item->stage];
    return turn == TURN_HELD ? "held" : turn == TURN_MERGED ? "merged" : "dispute_decided";
}

/* Its move as reasons.csv calls it: a dispute's answer by what is found. */
static struct span move_of(const struct day_item *item, const char *stage, enum life_turn_kind turn)
{
    if (item->kind == DAY_SAID && turn == TURN_DISPUTED)
        return SPAN("rejected");
    return item->kind == DAY_SAID && turn == TURN_UPHELD ? SPAN("upheld") : span_of(stage);
}

/* What the desk's answer says besides. */
static void add_answer(struct strbuf *data, const struct day *day, const struct life *life)
{
    char number[64];
    if (life->turn.kind == TURN_DISPUTED) {
        strbuf_add(data, SPAN(",\"outcome\":\"rejected\""));
    } else if (life->turn.kind == TURN_UPHELD) {
        strbuf_addf(data, ",\"outcome\":\"upheld\",\"lead\":\"%.*s\"", SPAN_ARG(life->lead));
    } else if (life->turn.kind == TURN_MERGED) {
        number_of(number, day, day->position[life->turn.parent]);
        strbuf_addf(data, ",\"parent\":\"" ITEM_CASES "%s\"", number);
    }
}

static void add_reason(struct strbuf *data, const struct day *day, const struct day_item *item,
                       struct span move)
{
    const struct life *life = &day->lives[item->life];
    struct draw draw = draw_begin(day->frame.seed ^ (STREAM + item->kind), life->index);
    struct span reason = reasons_draw(&day->pool->reasons, move, &draw);
    if (!reason.len)
        return;
    strbuf_add(data, SPAN(",\"reason\":"));
    strbuf_add_json(data, reason);
}

static void write_status(struct item_writer *writer, struct strbuf *out, const struct day *day,
                         const struct day_item *item)
{
    const struct life *life = &day->lives[item->life];
    struct span unit = teller_of(item, life);
    const char *stage = stage_of(item, life->turn.kind);
    struct strbuf *data = &writer->csv;
    char number[64];
    number_of(number, day, item->life);
    strbuf_addf(out,
                "\"/v1/units/%.*s/status\",\"item\":{\"case\":\"" ITEM_CASES
                "%s\",\"stage\":\"%s\",\"time\":\"",
                SPAN_ARG(unit), number, stage);
    timestamp_add_rfc3339(out, item->at_ms);
    strbuf_add_char(out, '"');
    strbuf_reset(data);
    if (item->kind == DAY_SAID)
        add_answer(data, day, life);
    if (item->kind != DAY_GARBLED)
        add_reason(data, day, item, move_of(item, stage, life->turn.kind));
    if (data->len)
        strbuf_addf(out, ",\"data\":{%.*s}", (int)data->len - 1, data->at + 1);
    strbuf_add_char(out, '}');
}

void item_write(struct item_writer *writer, struct strbuf *out, const struct day *day,
                const struct day_item *item)
{
    const struct life *life = item->kind < DAY_BEAT ? &day->lives[item->life] : NULL;
    strbuf_addf(out, "{\"at\":%lld,\"to\":", (long long)item->at_ms);
    if (!life) {
        observe_write(out, day, item);
    } else if (item->kind == DAY_REVIEW) {
        write_review(writer, out, day, item);
    } else if (item->kind != DAY_ROW) {
        write_status(writer, out, day, item);
    } else {
        fill_row(&writer->row, day, item, life);
        if (life->csv) {
            write_upload(writer, out);
        } else {
            strbuf_add(out, SPAN("\"/v1/feeds/hotline\",\"item\":"));
            row_write_json(&writer->row, out);
        }
    }
    strbuf_add(out, SPAN("}\n"));
}
