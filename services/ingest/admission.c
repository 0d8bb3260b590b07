/* SPDX-License-Identifier: Apache-2.0 */
/* The shell around core/admit.c: the request as it was sent, the host's clock, the answer and the
 * audit line. The clock is the host's even where data have a manual one: a signature's age is the
 * sender's and ours alone.
 *
 * Message ids are remembered by this process. After a restart, or at another door process, a
 * replay within five minutes is let in once more, and adds nothing: its events have the ids that
 * are there already. */
#include "ingest/admission.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "ingest/core/admit.h"
#include "ingest/credentials.h"

#define WAIT_FOR_ROOM_S 60 /* a tenth of what it takes to forget everything */

static const struct metric_row refused_row = {
    "citybrain_ingest_refused_total", METRIC_COUNTER, "reason",
    "Requests that were not let in. Each has an audit line door.refused in the log."};

/* Nobody learns from it what was wrong; whoever has a key finds all he needs. */
static const char unauthorized[] =
    "{\"type\":\"about:blank#unauthorized\",\"title\":\"身份未验证 / not authenticated\","
    "\"status\":401,\"detail\":\"须有本数据源或单位的令牌(Authorization: Bearer "
    "…),或每次请求重新签名:"
    "本站密钥、与Date相差不超过300秒的时间、未用过的消息号 / a token of this feed or unit "
    "(Authorization: Bearer …), or each request signed anew: your station's key, a time within "
    "300 s of Date, a message id never used before\"}\n";

struct admission {
    const struct ingest_config *config; /* borrowed */
    struct credentials *own;            /* owned; read again since the start, or NULL */
    struct replay_table *replays;       /* owned */
    struct strbuf text;                 /* what is signed */
    struct metric *refused;
    struct principal principal; /* of the last one let in */
};

/* The headers of one request that are signed. */
struct gathered {
    struct signed_header at[SIGNATURE_HEADERS_MAX];
    size_t count; /* beyond the table: too many */
};

static const struct credentials *credentials_of(const struct admission *admission)
{
    return admission->own ? admission->own : admission->config->credentials;
}

static void warn_if_nobody(const struct admission *admission)
{
    if (credentials_is_empty(credentials_of(admission)))
        log_warn("door.nobody_may_come_in", LOG_STR("keys", admission->config->keys_file),
                 LOG_STR("fix", "citybrain key create --help, then ingest.keys"));
}

struct admission *admission_new(struct daemon *daemon, const struct ingest_config *config)
{
    struct admission *admission = xcalloc(1, sizeof *admission);
    unsigned char seed[REPLAY_TABLE_SEED];
    while (getrandom(seed, sizeof seed, 0) < 0 && errno == EINTR)
        ;
    admission->config = config;
    admission->replays = replay_table_new((size_t)config->remembered, seed);
    strbuf_init(&admission->text, 1024, SIGNATURE_TEXT_MAX);
    admission->refused = metrics_add(daemon_metrics(daemon), &refused_row);
    warn_if_nobody(admission);
    return admission;
}

static void show_finding(void *context, const char *line)
{
    (void)context;
    log_error("door.credentials_refused", LOG_STR("finding", line));
}

void admission_reload(struct admission *admission)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct credentials *fresh = ingest_config_credentials(admission->config, diagnostics);
    diagnostics_each(diagnostics, show_finding, NULL);
    diagnostics_free(diagnostics);
    if (fresh == NULL)
        return;
    credentials_free(admission->own);
    admission->own = fresh;
    const struct station_keys *keys = credentials_keys(fresh);
    log_info("door.credentials_read", LOG_INT("keys", keys ? station_keys_count(keys) : 0));
    warn_if_nobody(admission);
}

static bool gather(void *context, struct span name, struct span value)
{
    struct gathered *gathered = context;
    if (!signature_covers(name))
        return true;
    if (gathered->count < SIGNATURE_HEADERS_MAX)
        gathered->at[gathered->count] = (struct signed_header){name, value};
    gathered->count++;
    return true;
}

static int64_t host_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum admit judge_signed(struct admission *admission, struct http_request *request,
                               struct admit_question *question, struct admit_answer *answer)
{
    struct gathered gathered = {.count = 0};
    http_request_each_header(request, gather, &gathered);
    question->request = (struct signed_request){.method = http_request_method(request),
                                                .target = http_request_target(request),
                                                .body = http_request_body(request),
                                                .headers = gathered.at,
                                                .header_count = gathered.count};
    question->now_ms = host_now_ms();
    enum admit admit = admit_signed(credentials_keys(credentials_of(admission)), admission->replays,
                                    &admission->text, question, answer);
    if (admit == ADMIT_YES)
        admission->principal = answer->key->principal;
    return admit;
}

static enum admit judge_token(struct admission *admission, const struct admit_question *question)
{
    const struct principal *principal =
        credentials_token(credentials_of(admission), question->authorization);
    if (principal == NULL)
        return ADMIT_UNKNOWN;
    admission->principal = *principal;
    return principal_speaks_for(principal, question->kind, question->name) ? ADMIT_YES
                                                                           : ADMIT_FOREIGN;
}

static void refuse(struct admission *admission, struct http_request *request, enum admit admit,
                   bool token)
{
    struct http_answer answer = {.status = 401,
                                 .content_type = "application/problem+json",
                                 .body = span_of(unauthorized),
                                 .more = {{"WWW-Authenticate", admission->config->insecure_bearer
                                                                   ? SIGNATURE_SCHEME ", Bearer"
                                                                   : SIGNATURE_SCHEME}}};
    if (admit == ADMIT_FOREIGN && token) {
        http_request_fail(request, HTTP_PROBLEM_FORBIDDEN, NULL);
        return;
    }
    if (admit == ADMIT_CROWDED) {
        http_request_fail_for(request, HTTP_PROBLEM_TOO_MANY_MESSAGES, NULL, WAIT_FOR_ROOM_S);
        return;
    }
    http_request_answer(request, &answer);
}

/* What a stranger wrote is cut, and of a header that could not be read nothing is kept. */
static struct span cut(struct span text)
{
    return span_from(text.at, text.len < SIGNATURE_MESSAGE_MAX ? text.len : SIGNATURE_MESSAGE_MAX);
}

static void audit(struct admission *admission, struct http_request *request, enum admit admit,
                  const struct admit_question *question, const struct signature *said)
{
    char peer[46];
    http_request_peer(request, peer, sizeof peer);
    metric_add(admission->refused, span_of(admit_name(admit)), 1);
    log_audit("door.refused", LOG_STR("reason", admit_name(admit)), LOG_STR("peer", peer),
              LOG_STR("door", question->kind == PRINCIPAL_FEED ? "feed" : "unit"),
              LOG_SPAN("name", cut(question->name)), LOG_SPAN("station", said->station),
              LOG_SPAN("key", said->key), LOG_SPAN("message", said->message));
}

static bool is_token(const struct admission *admission, struct span authorization)
{
    return admission->config->insecure_bearer && authorization.at &&
           span_starts(authorization, SPAN("Bearer "));
}

bool admission_greet(struct admission *admission, struct http_request *request,
                     enum principal_kind kind, struct span name, struct span *station, bool *proven)
{
    struct span authorization = http_request_header(request, "Authorization");
    const struct station_keys *keys = credentials_keys(credentials_of(admission));
    struct signature said;
    *station = SPAN_NONE;
    *proven = is_token(admission, authorization);
    if (*proven) {
        const struct principal *principal = admission_admit(admission, request, kind, name);
        if (principal)
            *station = principal_station(principal);
        return principal != NULL;
    }
    if (signature_read(&said, authorization) && station_keys_find(keys, said.station, said.key))
        *station = said.station;
    return true;
}

const struct principal *admission_admit(struct admission *admission, struct http_request *request,
                                        enum principal_kind kind, struct span name)
{
    struct admit_question question = {
        .authorization = http_request_header(request, "Authorization"), .kind = kind, .name = name};
    struct admit_answer answer = {0};
    bool token = is_token(admission, question.authorization);
    enum admit admit = token ? judge_token(admission, &question)
                             : judge_signed(admission, request, &question, &answer);
    if (admit == ADMIT_YES)
        return &admission->principal;
    if (token && admit == ADMIT_FOREIGN)
        answer.said.station = admission->principal.station;
    audit(admission, request, admit, &question, &answer.said);
    refuse(admission, request, admit, token);
    return NULL;
}
