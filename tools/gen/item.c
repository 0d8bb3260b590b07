/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are those of config/feeds/hotline.yaml. Names, telephones and texts are invented and
 * stand only in fields which that mapping drops; no telephone here can be dialled. */
#include "gen/item.h"

#include "base/base.h"
#include "base/timestamp.h"

#define DAY_MS INT64_C(86400000)

static const char *const kind_words[] = {"咨询", "求助", "投诉", "举报", "建议", "表扬"};
static const char *const stage_words[] = {"signed", "contacted", "resolved", "closed"};
static const char *const surnames[] = {"赵", "钱", "孙", "李", "周", "吴", "郑", "王",
                                       "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨"};
static const char *const spots[] = {"楼前",     "小区北门", "地下车库", "三单元",   "主干道路口",
                                    "便民菜站", "居民楼内", "底商门口", "健身广场", "公交站旁"};
static const char *const since[] = {"今早发现", "已持续两天", "近一周反复出现", "昨晚开始",
                                    "多次反映未解决"};
static const char *const wishes[] = {"请尽快派人处理", "希望相关部门现场核实", "盼复",
                                     "请说明处理时限", "影响老人出行,请协调解决"};

static void add_time(struct strbuf *out, const char *name, int64_t ms)
{
    struct civil civil;
    strbuf_addf(out, ",\"%s\":\"", name);
    if (ms != TIMESTAMP_NONE) {
        timestamp_to_civil(ms, LIFE_ZONE_MINUTES, &civil);
        strbuf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
                    civil.hour, civil.minute, civil.second);
    }
    strbuf_add_char(out, '"');
}

static void add_text(struct strbuf *out, const char *name, struct span text)
{
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, text.at ? text : SPAN(""));
}

void item_add_number(struct strbuf *out, const struct day *day, size_t life)
{
    struct civil civil;
    timestamp_to_civil(day->frame.begins_ms, LIFE_ZONE_MINUTES, &civil);
    strbuf_addf(out, "%04d%02d%02d-%llu-%06zu", civil.year, civil.month, civil.day,
                (unsigned long long)day->frame.seed, life + 1);
}

/* What the mapping drops. */
static void add_private(struct strbuf *out, const struct day *day, const struct life *life)
{
    struct draw draw = {life->words};
    struct span place = SPAN("某处"), type = SPAN("未分类问题");
    if (life->place != POOL_NONE)
        place = day->pool->places[life->place].name;
    if (life->type != POOL_NONE)
        type = day->pool->types[life->type].name;
    strbuf_addf(out, ",\"来电人\":\"%s%s\"", surnames[draw_below(&draw, ARRAY_LENGTH(surnames))],
                draw_chance(&draw, 500) ? "女士" : "先生");
    strbuf_addf(out, ",\"来电号码\":\"000%08lld\"", (long long)draw_between(&draw, 0, 99999999));
    strbuf_addf(out, ",\"主要内容\":\"%.*s%s,%.*s,%s,%s。\"", SPAN_ARG(place),
                spots[draw_below(&draw, ARRAY_LENGTH(spots))], SPAN_ARG(type),
                since[draw_below(&draw, ARRAY_LENGTH(since))],
                wishes[draw_below(&draw, ARRAY_LENGTH(wishes))]);
    if (life->place == POOL_NONE || day->pool->places[life->place].station == POOL_NONE)
        return;
    add_text(out, "上报站点", day->pool->stations[day->pool->places[life->place].station]);
}

static void add_opening(struct strbuf *out, const struct day *day, const struct day_item *item,
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
    add_text(out, "诉求性质", span_of(kind));
    add_text(out, "问题分类", life->type == POOL_NONE ? SPAN_NONE : pool->types[life->type].code);
    add_text(out, "反映社区", place == POOL_NONE ? SPAN_NONE : pool->places[place].code);
    add_text(out, "反映街乡", place == POOL_NONE ? SPAN_NONE : pool->places[place].street);
    if (life->fault == LIFE_BAD_DATE)
        add_text(out, "受理时间", SPAN("2026-13-40 25:61"));
    else
        add_time(out, "受理时间",
                 life->fault == LIFE_AHEAD ? day->frame.ends_ms + DAY_MS : life->opened_ms);
    add_text(out, "承办单位", life->names_lead ? life->lead : SPAN_NONE);
    add_time(out, "截止时间", life->due_ms);
}

static void write_row(struct strbuf *out, const struct day *day, const struct day_item *item,
                      const struct life *life)
{
    int64_t resolved = life->moment[LIFE_RESOLVED], closed = life->moment[LIFE_CLOSED];
    int64_t told_ms = life->told[LIFE_CLOSED]     ? closed
                      : life->told[LIFE_RESOLVED] ? resolved
                                                  : TIMESTAMP_NONE;
    strbuf_add(out, SPAN("\"/v1/feeds/hotline\",\"item\":{\"工单编号\":\""));
    if (life->fault != LIFE_NO_NUMBER)
        item_add_number(out, day, item->life);
    strbuf_add_char(out, '"');
    add_opening(out, day, item, life);
    add_time(out, "办结时间", life->told[LIFE_RESOLVED] ? resolved : TIMESTAMP_NONE);
    add_time(out, "结案时间",
             life->told[LIFE_CLOSED] || closed <= item->revision_ms ? closed : TIMESTAMP_NONE);
    add_time(out, "更新时间", told_ms > item->revision_ms ? told_ms : item->revision_ms);
    add_private(out, day, life);
}

static void write_status(struct strbuf *out, const struct day *day, const struct day_item *item,
                         const struct life *life)
{
    struct span unit = item->kind == DAY_FOREIGN ? life->foreign : life->lead;
    const char *stage = item->kind == DAY_GARBLED ? "arrived" : stage_words[item->stage];
    strbuf_addf(out, "\"/v1/units/%.*s/status\",\"item\":{\"case\":\"" ITEM_CASES, SPAN_ARG(unit));
    item_add_number(out, day, item->life);
    strbuf_addf(out, "\",\"stage\":\"%s\",\"time\":\"", stage);
    timestamp_add_rfc3339(out, item->at_ms);
    strbuf_add_char(out, '"');
}

void item_write(struct strbuf *out, const struct day *day, const struct day_item *item)
{
    const struct life *life = &day->lives[item->life];
    strbuf_addf(out, "{\"at\":%lld,\"to\":", (long long)item->at_ms);
    if (item->kind == DAY_ROW)
        write_row(out, day, item, life);
    else
        write_status(out, day, item, life);
    strbuf_add(out, SPAN("}}\n"));
}
