/* SPDX-License-Identifier: Apache-2.0 */
/* time, place, what, of what, and then what it says; a tab between them. Long texts are cut. */
#include "citybrain/tap_show.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "citybrain/moment.h"
#include "citybrain/why_words.h"
#include "model/json_write.h"

#define MOST_TEXT 60 /* bytes of a value, in words */

/* ---- words ---- */

/* In one line, at the end of a character. */
static void add_cut(struct strbuf *out, struct span text)
{
    size_t len = text.len;
    if (len > MOST_TEXT) {
        for (len = MOST_TEXT; len > 0 && ((unsigned char)text.at[len] & 0xC0) == 0x80;)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        strbuf_add_char(out, (unsigned char)text.at[i] < ' ' ? ' ' : text.at[i]);
    if (len < text.len)
        strbuf_add(out, SPAN("…"));
}

struct telling {
    const struct district *district;
    const struct case_kind *kind; /* of the case; NULL = none, or not known here */
};

static struct telling telling_of(const struct tap_record *tap, const struct tap_names *names)
{
    struct span rest = tap->case_id;
    return (struct telling){names->district,
                            names->kinds ? kinds_find(names->kinds, span_cut(&rest, ':')) : NULL};
}

/* A rule may be a move of the case: which word it has there its kind alone knows. */
static bool is_move(const struct telling *telling, struct span member, struct span value)
{
    struct span stage = why_words_stage(NULL, value);
    return !telling->kind && span_is(member, "rule") && stage.at &&
           span_equal(why_words_value(NULL, member, value), stage);
}

static void add_member(struct strbuf *out, const struct telling *telling, struct span member,
                       struct span value)
{
    struct span word = why_words_member(member);
    if (!value.len)
        return;
    strbuf_addf(out, " %.*s=", SPAN_ARG(word.len ? word : member));
    if (value.len > MOST_TEXT)
        add_cut(out, value);
    else if (is_move(telling, member, value))
        strbuf_add(out, value);
    else if (!moment_add_text(out, value))
        why_words_add(out, telling->district, telling->kind, member, value);
}

/* Texts and numbers of an object; what is nested is for --json. */
static void add_members(struct strbuf *out, const struct telling *telling,
                        const struct json_value *object, const char *const *without)
{
    for (const struct json_value *one = object ? object->first : NULL; one; one = one->next) {
        bool left = one->type != JSON_STRING && one->type != JSON_NUMBER;
        for (size_t i = 0; without[i]; i++)
            left = left || span_is(one->key, without[i]);
        if (!left)
            add_member(out, telling, one->key, one->text);
    }
}

static void add_event(struct strbuf *out, const struct tap_record *tap,
                      const struct tap_names *names)
{
    static const char *const none[] = {NULL};
    const struct event *event = &tap->event;
    const struct telling telling = telling_of(tap, names);
    if (event->family == EVENT_TICK) {
        strbuf_add(out, SPAN("时钟(tick) "));
        moment_add(out, event->time_ms);
        return;
    }
    why_words_add_named(out, why_words_said(telling.kind, event->name, event->party), event->name);
    strbuf_addf(out, "\t%.*s\t发生 ", SPAN_ARG(event->subject));
    moment_add(out, event->time_ms);
    if (event->party.len) {
        strbuf_add(out, SPAN(" 主体="));
        why_words_add_named(out, why_words_party(event->party), event->party);
    }
    if (event->unit.len) {
        strbuf_add(out, SPAN(" 单位="));
        why_words_add_unit(out, telling.district, event->unit);
    }
    if (event->feed.len)
        strbuf_addf(out, " 数据源=%.*s/%lld", SPAN_ARG(event->feed), (long long)event->feedversion);
    if (event->replayof.len)
        strbuf_addf(out, " 重放=%.*s", SPAN_ARG(event->replayof));
    if (tap->topic->form == TAP_EVENT)
        add_members(out, &telling, event->data, none);
}

static void add_header(struct strbuf *out, const struct tap_record *tap)
{
    const struct raw_header *raw = &tap->raw;
    bool is_dead = tap->topic->form == TAP_DEAD, good = span_is(tap->what, "none");
    strbuf_addf(out, "%.*s\t%.*s/%lld\t", SPAN_ARG(good ? SPAN("可受理(none)") : tap->what),
                SPAN_ARG(raw->feed.len ? raw->feed : SPAN("status")), (long long)raw->mapping);
    if (raw->row > 0)
        strbuf_addf(out, "第 %lld 行 row ", (long long)raw->row);
    if (raw->upload.len)
        strbuf_addf(out, "上传=%.*s ", SPAN_ARG(raw->upload));
    strbuf_add(out, SPAN("收到="));
    moment_add(out, raw->received_ms);
    if (is_dead && tap->dead.record.len)
        strbuf_addf(out, " 编号=%.*s", SPAN_ARG(tap->dead.record));
    if (is_dead)
        strbuf_addf(out, " 原处=%.*s/%lld/%lld 尝试=%lld", SPAN_ARG(tap->dead.topic),
                    (long long)tap->dead.partition, (long long)tap->dead.offset,
                    (long long)tap->dead.attempts);
    if (raw->replayof.len)
        strbuf_addf(out, " 重放=%.*s", SPAN_ARG(raw->replayof));
    strbuf_addf(out, " 字节=%zu", tap->whole->value.len);
}

static void add_order(struct strbuf *out, const struct tap_record *tap,
                      const struct tap_names *names)
{
    const struct telling telling = telling_of(tap, names);
    static const char *const said[] = {"case", "kind", "id",     "bundle", "cause",
                                       "unit", "time", "reason", NULL};
    struct span reason = json_text(tap->json, "reason");
    strbuf_addf(out, "%.*s\t%.*s\t", SPAN_ARG(tap->what), SPAN_ARG(tap->case_id));
    if (tap->topic->form == TAP_RECEIPT) {
        add_cut(out, json_text(tap->json, "say"));
        return;
    }
    strbuf_add(out, SPAN("单位="));
    why_words_add_unit(out, telling.district, tap->unit);
    add_members(out, &telling, tap->json, said);
    if (reason.len)
        strbuf_addf(out, " 理由=%.*s", SPAN_ARG(reason));
}

static void add_signal(struct strbuf *out, const struct tap_record *tap)
{
    const struct signal *signal = &tap->signal;
    if (signal->kind == SIGNAL_WATERMARK) {
        strbuf_addf(out, "水位(watermark) events/%d ", (int)signal->partition);
        moment_add(out, signal->time_ms);
        return;
    }
    strbuf_addf(out, "%.*s\t%.*s\t归组=", SPAN_ARG(signal->trigger), SPAN_ARG(signal->subject));
    add_cut(out, signal->group);
    strbuf_add(out, signal->counts ? SPAN(" 计入 发生 ") : SPAN(" 撤回 发生 "));
    moment_add(out, signal->time_ms);
    for (size_t i = 0; i < signal->field_count; i++) {
        strbuf_addf(out, " %.*s=", SPAN_ARG(signal->fields[i].name));
        add_cut(out, signal->fields[i].value);
    }
}

static void add_audit(struct strbuf *out, const struct tap_record *tap)
{
    static const char *const none[] = {NULL};
    static const struct district nowhere;
    static const struct telling plain = {&nowhere, NULL};
    strbuf_addf(out, "%.*s\t%.*s\t%.*s 理由=", SPAN_ARG(tap->what),
                SPAN_ARG(json_text(tap->json, "who")), SPAN_ARG(json_text(tap->json, "outcome")));
    add_cut(out, json_text(tap->json, "reason"));
    add_members(out, &plain, json_get(tap->json, SPAN("arguments")), none);
}

void tap_show_words(struct strbuf *out, const struct tap_record *tap, const struct tap_names *names)
{
    const struct record *record = tap->whole;
    moment_add(out, record->timestamp_ms);
    strbuf_addf(out, "\t%d/%lld\t", (int)record->partition, (long long)record->offset);
    if (!tap->readable) {
        strbuf_addf(out, "读不懂 unreadable\t-\t%zu bytes", record->value.len);
        return;
    }
    if (tap->topic->form == TAP_RAW || tap->topic->form == TAP_DEAD) {
        add_header(out, tap);
        return;
    }
    if (!record->value.at || tap->topic->form == TAP_SEALED) {
        strbuf_addf(out, "%s\t", record->value.at ? "有 kept" : "已删 gone");
        add_cut(out, utf8_is_valid(record->key) ? record->key : SPAN("?"));
        strbuf_addf(out, "\t%zu bytes", record->value.len);
        return;
    }
    switch (tap->topic->form) {
    case TAP_EVENT:
    case TAP_STATUS: add_event(out, tap, names); break;
    case TAP_ORDER:
    case TAP_RECEIPT: add_order(out, tap, names); break;
    case TAP_SIGNAL: add_signal(out, tap); break;
    case TAP_AUDIT: add_audit(out, tap); break;
    case TAP_RAW:
    case TAP_DEAD:
    case TAP_SEALED: break;
    }
}

/* ---- JSON ---- */

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    if (!value.at)
        return;
    strbuf_addf(out, ",\"%s\":", name);
    strbuf_add_json(out, utf8_is_valid(value) ? value : SPAN("?"));
}

static void add_moment(struct strbuf *out, const char *name, int64_t ms)
{
    strbuf_addf(out, ",\"%s\":\"", name);
    timestamp_add_rfc3339(out, ms);
    strbuf_add_char(out, '"');
}

static void add_fact(struct strbuf *out, const struct signal *signal)
{
    if (signal->kind == SIGNAL_WATERMARK) {
        add_moment(out, "t", signal->time_ms);
        strbuf_addf(out, ",\"of\":%d", (int)signal->partition);
        return;
    }
    add_text(out, "group", signal->group);
    add_text(out, "id", signal->id);
    add_moment(out, "time", signal->time_ms);
    strbuf_addf(out, ",\"counts\":%s,\"fields\":{", signal->counts ? "true" : "false");
    for (size_t i = 0; i < signal->field_count; i++) {
        strbuf_add(out, i ? SPAN(",") : SPAN(""));
        strbuf_add_json(out, signal->fields[i].name);
        strbuf_add_char(out, ':');
        strbuf_add_json(out, signal->fields[i].value);
    }
    strbuf_add_char(out, '}');
}

/* What we wrote ourselves, as it is; of what others wrote the attributes. */
static void add_said(struct strbuf *out, const struct tap_record *tap)
{
    const struct record *record = tap->whole;
    switch (tap->topic->form) {
    case TAP_EVENT:
    case TAP_ORDER:
    case TAP_RECEIPT:
    case TAP_AUDIT: strbuf_addf(out, ",\"value\":%.*s", SPAN_ARG(record->value)); break;
    case TAP_STATUS:
        add_text(out, "id", tap->event.id);
        add_text(out, "party", tap->event.party);
        add_moment(out, "time", tap->event.time_ms);
        break;
    case TAP_RAW:
    case TAP_DEAD:
        strbuf_addf(out, ",\"header\":%.*s", SPAN_ARG(record_header(record, "cb")));
        break;
    case TAP_SIGNAL: add_fact(out, &tap->signal); break;
    case TAP_SEALED: break;
    }
}

void tap_show_json(struct strbuf *out, const struct tap_record *tap)
{
    const struct record *record = tap->whole;
    strbuf_add(out, SPAN("{\"topic\":"));
    strbuf_add_json(out, record->topic);
    strbuf_addf(out, ",\"place\":\"%d/%lld\"", (int)record->partition, (long long)record->offset);
    add_moment(out, "at", record->timestamp_ms);
    add_text(out, "key", record->key);
    add_text(out, "what", tap->what);
    add_text(out, "case", tap->case_id);
    add_text(out, "unit", tap->unit);
    add_text(out, "feed", tap->feed);
    strbuf_addf(out, ",\"bytes\":%zu,\"gone\":%s,\"readable\":%s", record->value.len,
                record->value.at ? "false" : "true", tap->readable ? "true" : "false");
    if (tap->readable && (record->value.at || tap->topic->form == TAP_DEAD))
        add_said(out, tap);
    strbuf_add_char(out, '}');
}
