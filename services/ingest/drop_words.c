/* SPDX-License-Identifier: Apache-2.0 */
/* A clerk reads the text in an editor of Windows: a byte order mark, CR and LF. Names of files may
 * be of any bytes; what is no UTF-8 is read as GB18030, as such a system writes it. */
#include "ingest/drop_words.h"

#include <stdio.h>

#include "base/timestamp.h"
#include "base/utf8.h"

#define LINE_END "\r\n"

static const char *const results[] = {[DROP_TAKEN] = "done",
                                      [DROP_REPEAT] = "repeat",
                                      [DROP_FAILED] = "failed",
                                      [DROP_OVER] = "done"};

static const struct {
    const char *zh, *en;
} identities[] = {
    {"记录按其编号识别：更正后可只投递更正的记录，也可重新投递整份文件，同一编号不会重复计入。",
     "Records are known by their own numbers: drop the corrected rows, or the whole corrected "
     "file; "
     "none counts twice."},
    {"本数据源按文件内容和行号识别记录：更正后的文件会作为新数据重新计入，原有记录不会被替换。",
     "Records of this feed are known by file and row: a corrected file counts anew, beside what "
     "was "
     "counted before."},
};

const char *drop_words_form(enum framing_form form)
{
    switch (form) {
    case FRAMING_CSV: return "csv";
    case FRAMING_LINES: return "lines";
    case FRAMING_ARRAY: return "array";
    case FRAMING_ONE: break;
    }
    return "one";
}

struct span drop_words_name(const char *name, struct arena *arena)
{
    struct span text = span_of(name), shown;
    size_t bad_at;
    if (utf8_is_valid(text))
        return text;
    struct charset_converter *converter = charset_converter_new();
    if (charset_to_utf8(converter, CHARSET_GB18030, text, arena, &shown, &bad_at) != CHARSET_OK)
        shown = SPAN("?");
    charset_converter_free(converter);
    return shown;
}

void drop_words_reject(struct strbuf *out, const struct verdict *verdict)
{
    char sentence[REJECT_SENTENCE];
    strbuf_add(out, reject_say(sentence, LANGUAGE_CHINESE, verdict->row, verdict->why));
    if (verdict->record.at)
        strbuf_addf(out, "[编号 %.*s]", SPAN_ARG(verdict->record));
    strbuf_addf(out, "[字节 %lld][%s]" LINE_END "    ", (long long)verdict->offset,
                reject_name(verdict->why->reject));
    strbuf_add(out, reject_say(sentence, LANGUAGE_ENGLISH, verdict->row, verdict->why));
    if (verdict->record.at)
        strbuf_addf(out, " [record %.*s]", SPAN_ARG(verdict->record));
    strbuf_addf(out, " [byte %lld]" LINE_END, (long long)verdict->offset);
}

/* A file's name may hold line feeds; in a text it must not make lines of its own. */
static void add_line(struct strbuf *out, const char *name, struct span value)
{
    strbuf_add(out, span_of(name));
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        strbuf_add_char(out, c < 0x20 || c == 0x7f ? '?' : value.at[i]);
    }
    strbuf_add(out, SPAN(LINE_END));
}

static void add_header_place(struct strbuf *out, const struct reject_place *why)
{
    char where[REJECT_SENTENCE];
    add_line(out, "位置    ", reject_say_where(where, LANGUAGE_CHINESE, why));
    add_line(out, "Place   ", reject_say_where(where, LANGUAGE_ENGLISH, why));
}

static void add_outcome(struct strbuf *out, const struct drop_file *file,
                        const struct drop_receipt *receipt, enum drop_result result)
{
    long long accepted = receipt->accepted, rejected = receipt->rejected;
    switch (result) {
    case DROP_TAKEN:
    case DROP_OVER:
        strbuf_addf(out, "结果    已接收：共 %lld 条，接收 %lld 条，拒收 %lld 条" LINE_END,
                    accepted + rejected, accepted, rejected);
        strbuf_addf(out, "Result  taken: %lld records, %lld accepted, %lld rejected" LINE_END,
                    accepted + rejected, accepted, rejected);
        break;
    case DROP_REPEAT:
        strbuf_addf(out,
                    "结果    内容与已接收的文件相同，新增 0 条 (%s)" LINE_END
                    "Result  the same content was taken before: 0 records added (%s)" LINE_END,
                    receipt->first, receipt->first);
        break;
    case DROP_FAILED:
        strbuf_addf(out, "结果    未接收：%s (%s)" LINE_END, drop_fault_chinese(file->fault),
                    drop_fault_name(file->fault));
        strbuf_addf(out, "Result  not taken: %s" LINE_END, drop_fault_english(file->fault));
        if (file->fault_row > 0)
            strbuf_addf(out, "位置    第 %lld 条,字节 %lld / row %lld, byte %lld" LINE_END,
                        (long long)file->fault_row, (long long)file->fault_offset,
                        (long long)file->fault_row, (long long)file->fault_offset);
        else if (file->fault_place.pointer[0])
            add_header_place(out, &file->fault_place);
        if (accepted + rejected > 0)
            strbuf_addf(out,
                        "注意    出错前已有 %lld 条入库 / %lld records were stored before" LINE_END,
                        accepted + rejected, accepted + rejected);
        break;
    }
}

void drop_words_text(struct strbuf *out, const struct drop_file *file,
                     const struct drop_receipt *receipt, enum drop_result result)
{
    struct arena arena;
    const bool by_row = file->mapping && file->mapping->identity_row;
    arena_init(&arena, 4096);
    strbuf_add(out, SPAN("\xEF\xBB\xBF"
                         "文件接收回执 / Receipt of a dropped file" LINE_END LINE_END));
    add_line(out, "文件    ", drop_words_name(file->name, &arena));
    strbuf_addf(out, "数据源  %s (%s)" LINE_END, file->feed->name, file->feed->id);
    strbuf_add(out, SPAN("时间    "));
    timestamp_add_rfc3339(out, file->received_ms);
    strbuf_add(out, SPAN(LINE_END));
    if (file->hash[0])
        add_line(out, "指纹    ", span_of(file->hash));
    add_outcome(out, file, receipt, result);
    strbuf_addf(out, "说明    %s" LINE_END "Note    %s" LINE_END, identities[by_row].zh,
                identities[by_row].en);
    if (receipt->rejected > 0)
        strbuf_add(out, SPAN(LINE_END "拒收明细 / Rejected records" LINE_END));
    arena_fini(&arena);
}

static void add_member(struct strbuf *out, struct span member, struct span value)
{
    strbuf_add(out, member);
    strbuf_add_json(out, value);
}
#define MEMBER(name) SPAN(",\"" name "\":")

static void add_message(struct strbuf *out, struct span member, enum language language,
                        const struct drop_file *file)
{
    char where[REJECT_SENTENCE], text[REJECT_SENTENCE + 256];
    bool in_english = language == LANGUAGE_ENGLISH;
    struct span place = reject_say_where(where, language, &file->fault_place);
    snprintf(text, sizeof text, "%s%s%.*s",
             in_english ? drop_fault_english(file->fault) : drop_fault_chinese(file->fault),
             place.len == 0 ? ""
             : in_english   ? ": "
                            : "：",
             SPAN_ARG(place));
    add_member(out, member, span_of(text));
}

static void add_fault(struct strbuf *out, const struct drop_file *file)
{
    add_member(out, MEMBER("reason"), span_of(drop_fault_name(file->fault)));
    add_member(out, MEMBER("pointer"), span_of(file->fault_place.pointer));
    if (file->fault_row > 0)
        strbuf_addf(out, ",\"row\":%lld,\"offset\":%lld", (long long)file->fault_row,
                    (long long)file->fault_offset);
    add_message(out, MEMBER("message_zh"), LANGUAGE_CHINESE, file);
    add_message(out, MEMBER("message_en"), LANGUAGE_ENGLISH, file);
}

void drop_words_json(struct strbuf *out, const struct drop_file *file,
                     const struct drop_receipt *receipt, enum drop_result result)
{
    struct arena arena;
    const bool by_row = file->mapping && file->mapping->identity_row;
    arena_init(&arena, 4096);
    strbuf_add(out, SPAN("{\"v\":1"));
    add_member(out, MEMBER("result"), span_of(results[result]));
    add_member(out, MEMBER("feed"), span_of(file->feed->id));
    add_member(out, MEMBER("file"), drop_words_name(file->name, &arena));
    add_member(out, MEMBER("kept"), drop_words_name(file->kept, &arena));
    add_member(out, MEMBER("upload"), span_of(file->hash));
    strbuf_addf(out, ",\"bytes\":%lld,\"received\":%lld,\"mapping\":%lld", (long long)file->bytes,
                (long long)file->received_ms,
                (long long)(file->mapping ? file->mapping->version : 0));
    add_member(out, MEMBER("charset"), span_of(charset_name(file->terms.charset)));
    add_member(out, MEMBER("format"), span_of(drop_words_form(file->terms.form)));
    add_member(out, MEMBER("identity"), by_row ? SPAN("row") : SPAN("record"));
    long long accepted = receipt->accepted, rejected = receipt->rejected;
    strbuf_addf(out, ",\"records\":%lld,\"accepted\":%lld,\"rejected\":%lld", accepted + rejected,
                accepted, rejected);
    if (result == DROP_REPEAT)
        add_member(out, MEMBER("first"), drop_words_name(receipt->first, &arena));
    if (result == DROP_FAILED)
        add_fault(out, file);
    add_member(out, MEMBER("note_zh"), span_of(identities[by_row].zh));
    add_member(out, MEMBER("note_en"), span_of(identities[by_row].en));
    arena_fini(&arena);
}
