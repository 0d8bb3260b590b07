/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain reasons: why data is not taken, out of the table that dead letters, receipts and
 * metrics take their words from. docs/rejects.md is its --markdown. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "citybrain/verb.h"
#include "model/reject.h"

static const char reasons_help[] =
    "usage: citybrain reasons [CODE…] [--json | --markdown]\n\n"
    "What a reason code means, why it comes and what to do about it. Codes are in every answer of\n"
    "a door, in receipts, dead letters and metrics; they never change their meaning.\n\n"
    "  --json       one object a code\n"
    "  --markdown   docs/rejects.md (make docs writes it)\n\n"
    "  citybrain reasons bad_date header_drift\n"
    "exit: 0 done, 64 no such code\n";

static void show_text(enum reject reject)
{
    const struct reject_text *text = reject_text(reject);
    printf("%s\n  %s\n  原因：%s。处理：%s。\n  %s\n  cause: %s\n  fix: %s\n", text->name, text->zh,
           text->cause_zh, text->fix_zh, text->en, text->cause_en, text->fix_en);
}

static void add_member(struct strbuf *out, const char *name, const char *value)
{
    strbuf_add_char(out, out->len == 0 ? '{' : ',');
    strbuf_add_json(out, span_of(name));
    strbuf_add_char(out, ':');
    strbuf_add_json(out, span_of(value));
}

static void show_json(enum reject reject)
{
    const struct reject_text *text = reject_text(reject);
    struct strbuf out;
    strbuf_init(&out, 1024, 1 << 16);
    add_member(&out, "reason", text->name);
    add_member(&out, "zh", text->zh);
    add_member(&out, "en", text->en);
    add_member(&out, "cause_zh", text->cause_zh);
    add_member(&out, "cause_en", text->cause_en);
    add_member(&out, "fix_zh", text->fix_zh);
    add_member(&out, "fix_en", text->fix_en);
    printf("%.*s}\n", SPAN_ARG(strbuf_span(&out)));
    strbuf_fini(&out);
}

static void begin_markdown(void)
{
    printf("<!-- made by `make docs` of common/model/reject.h; do not edit -->\n"
           "# Why a record is not taken\n\n"
           "Every rejected record is answered with one of these codes, with its row, its field and "
           "the byte where the\nfault begins, as far as they are known; the same in the answer of "
           "the HTTP door, in the receipt of a dropped\nfile and in the dead letter. A code never "
           "changes its meaning. `citybrain reasons CODE` prints one of them.\nNo answer repeats "
           "what stood in a cell.\n\n"
           "每条被拒收的记录都会得到下列代码之一，并尽可能给出行号、字段和出错的字节位置；"
           "HTTP 应答、投递回执和死信\n中的代码一致，含义永不改变。应答中不会重复单元格的内容。\n");
}

static void show_markdown(enum reject reject)
{
    const struct reject_text *text = reject_text(reject);
    printf("\n## %s\n%s\n- 原因：%s\n- 处理：%s\n\n%s\n- cause: %s\n- fix: %s\n", text->name,
           text->zh, text->cause_zh, text->fix_zh, text->en, text->cause_en, text->fix_en);
}

static const struct option options[] = {{"json", 0, 0, 'j'}, {"markdown", 0, 0, 'm'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    void (*show)(enum reject) = show_text;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c != 'j' && c != 'm')
            return verb_bad_option("reasons", argv);
        show = c == 'j' ? show_json : show_markdown;
    }
    for (int i = optind; i < argc; i++)
        if (reject_find(span_of(argv[i])) == REJECT_NONE)
            return verb_usage("reasons", "no reason is called \"%s\"", argv[i]);
    if (show == show_markdown)
        begin_markdown();
    for (int i = optind; i < argc; i++)
        show(reject_find(span_of(argv[i])));
    for (int i = REJECT_NONE + 1; optind == argc && i < REJECT_COUNT; i++)
        show((enum reject)i);
    return VERB_OK;
}

const struct verb verb_reasons = {
    "reasons", "what a reason code means, and what to do", reasons_help, run, options, NULL};
