/* SPDX-License-Identifier: Apache-2.0 */
/* A log can be cut at its beginning only: of each partition all goes that lies before the last
 * letter that is asked for. So nothing is done while a letter lies among them that is not: whoever
 * wants it gone as well asks for it too. */
#include "citybrain/dead_purge.h"

#include <inttypes.h>

#include "base/strbuf.h"
#include "citybrain/verb.h"
#include "kafka/admin.h"

#define MOST_PARTITIONS 64

struct work {
    const struct dead_purge *purge;
    struct plan *plan;
    int64_t before[MOST_PARTITIONS]; /* by partition; 0 = it stays whole */
    int64_t asked, others, kept;
    char other[64]; /* the first that would go unasked */
    bool counts;    /* the second reading */
    bool too_many;  /* partitions */
    struct error error;
};

static bool note(void *context, const struct dead_letter *letter)
{
    struct work *work = context;
    if (letter->partition >= MOST_PARTITIONS) {
        work->too_many = true;
        return false;
    }
    bool asked = dead_letter_is_asked(letter, work->purge->filter);
    int64_t *before = &work->before[letter->partition];
    if (!work->counts) {
        if (asked && letter->offset >= *before)
            *before = letter->offset + 1;
        return true;
    }
    bool goes = letter->offset < *before;
    work->asked += goes && asked;
    work->others += goes && !asked;
    work->kept += !goes;
    if (goes && !asked && !work->other[0])
        snprintf(work->other, sizeof work->other, "%d/%" PRId64, (int)letter->partition,
                 letter->offset);
    return true;
}

/* Where each partition would be cut first, then what lies before it. */
static bool make_plan(struct work *work)
{
    const struct dead_filter all = {.until_ms = INT64_MAX, .partition = -1, .offset = -1};
    int64_t strange;
    for (int i = 0; i < 2; i++) {
        work->counts = i == 1;
        if (!dead_letter_each(work->purge->settings, &all, note, work, &strange, &work->error))
            return work->error.kind == ERROR_NONE && work->too_many
                       ? error_set(&work->error, ERROR_CONFIG, 0,
                                   "dead has more than %d partitions", MOST_PARTITIONS)
                       : false;
    }
    return true;
}

static void add_cuts(struct strbuf *out, const struct work *work, const char *between)
{
    bool first = true;
    for (int p = 0; p < MOST_PARTITIONS; p++)
        if (work->before[p] > 0) {
            strbuf_addf(out, "%s\"%d\":%" PRId64, first ? "" : between, p, work->before[p]);
            first = false;
        }
}

static void sign(struct work *work)
{
    struct strbuf text;
    strbuf_init(&text, 1024, 65536);
    strbuf_addf(&text, "purge %" PRId64 " %" PRId64 " ", work->asked, work->others);
    add_cuts(&text, work, " ");
    plan_sign(work->plan, strbuf_span(&text));
    strbuf_fini(&text);
}

static void show(const struct work *work, bool executed, FILE *out)
{
    struct strbuf cuts;
    strbuf_init(&cuts, 1024, 65536);
    add_cuts(&cuts, work, ",");
    if (work->purge->json)
        fprintf(out,
                "{\"plan\":\"%s\",\"letters\":%" PRId64 ",\"others\":%" PRId64 ",\"kept\":%" PRId64
                ",\"before\":{%s},\"executed\":%s}\n",
                work->plan->hash, work->asked, work->others, work->kept, cuts.at ? cuts.at : "",
                executed ? "true" : "false");
    else if (!executed)
        fprintf(out,
                "计划 plan\t%s\n将删除 letters that go\t%" PRId64
                "\n未指定而同去 others before them\t%" PRId64 "\n保留 kept\t%" PRId64 "\n",
                work->plan->hash, work->asked, work->others, work->kept);
    strbuf_fini(&cuts);
}

static bool cut(struct work *work)
{
    char topic[KAFKA_MAX_NAME];
    struct admin *admin = admin_open(work->purge->settings, &work->error);
    if (!admin)
        return false;
    kafka_client_name(work->purge->settings, "dead", topic, sizeof topic);
    bool good = admin_cut(admin, topic, work->before, MOST_PARTITIONS, &work->error);
    admin_close(admin);
    return good;
}

static int execute(struct work *work)
{
    char letters[SPAN_DECIMAL], note[96];
    struct plan *plan = work->plan;
    plan_add(plan, "feed", span_of(work->purge->filter->feed));
    if (work->purge->filter->code != REJECT_NONE)
        plan_add(plan, "code", span_of(reject_name(work->purge->filter->code)));
    plan_add(plan, "letters", span_decimal(letters, work->asked));
    int status = plan_begin(plan, work->asked);
    if (status != VERB_OK)
        return status;
    bool good = cut(work);
    snprintf(note, sizeof note, good ? "%" PRId64 " letters are gone" : "%" PRId64 " letters stay",
             work->asked);
    status = plan_end(plan, good ? "done" : "failed", note);
    return good ? status : error_exit_status(&work->error);
}

static int refuse(const struct work *work)
{
    fprintf(stderr,
            "citybrain dead purge: nothing is done: %" PRId64
            " letters that were not asked for lie "
            "before them (the first is %s), and a log is cut at its beginning only\n"
            "  fix: redrive them, ask for them too, or wait: letters go by themselves after 30 d\n",
            work->others, work->other);
    return VERB_FAILED;
}

int dead_purge_run(const struct dead_purge *purge, struct plan *plan, FILE *out)
{
    static struct work work;
    work = (struct work){.purge = purge, .plan = plan};
    plan->verb = "dead purge";
    int status = VERB_OK;
    if (make_plan(&work)) {
        bool executes = plan->execute && work.asked > 0 && work.others == 0;
        sign(&work);
        if (!purge->json)
            show(&work, false, out);
        fflush(out);
        if (plan->execute && work.others > 0)
            status = refuse(&work);
        else if (executes)
            status = execute(&work);
        else if (work.asked > 0)
            fputs("nothing was purged; --execute --as NAME --reason TEXT does it, for ever\n",
                  stderr);
        if (purge->json)
            show(&work, executes && status == VERB_OK, out);
    } else {
        status = error_exit_status(&work.error);
    }
    if (work.error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain dead: %s%s\n", work.error.text, verb_broker_fix(&work.error));
    return status;
}
