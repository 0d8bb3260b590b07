/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is wrong, the same is done up to the last comparison: every key is looked at, the body
 * is hashed, a MAC is made and compared in constant time; where there is no such key, with one of
 * zeros that nobody can have. Time, place and replay are asked only of a good signature, so that
 * nobody learns anything by asking without one, and nobody without a key can fill the table. */
#include "ingest/core/admit.h"

#include "base/base.h"

static enum admit judge(const struct station_key *key, struct replay_table *replays,
                        const struct signature *said, const struct admit_question *question)
{
    if (!signature_is_timely(said, question->now_ms))
        return ADMIT_EXPIRED;
    if (!principal_speaks_for(&key->principal, question->kind, question->name))
        return ADMIT_FOREIGN;
    switch (replay_table_add(replays, said->station, said->message, question->now_ms)) {
    case REPLAY_NEW: return ADMIT_YES;
    case REPLAY_SEEN: return ADMIT_REPLAYED;
    case REPLAY_NO_ROOM: return ADMIT_CROWDED;
    }
    return ADMIT_CROWDED;
}

enum admit admit_signed(const struct station_keys *keys, struct replay_table *replays,
                        struct strbuf *text, const struct admit_question *question,
                        struct admit_answer *answer)
{
    static const unsigned char nobodys[SIGNATURE_SECRET];
    unsigned char mac[DIGEST_BYTES];
    struct signature *said = &answer->said;
    *answer = (struct admit_answer){0};
    if (question->authorization.at == NULL)
        return ADMIT_NOBODY;
    if (!signature_read(said, question->authorization) ||
        !signature_text(text, said, &question->request)) {
        *said = (struct signature){0};
        return ADMIT_MALFORMED;
    }
    const struct station_key *key = station_keys_find(keys, said->station, said->key);
    signature_mac(mac, strbuf_span(text), key ? key->secret : nobodys);
    bool good = digest_equal(span_from((const char *)mac, sizeof mac),
                             span_from((const char *)said->mac, sizeof said->mac));
    if (key == NULL)
        return ADMIT_UNKNOWN;
    if (!good)
        return ADMIT_FORGED;
    answer->key = key;
    return judge(key, replays, said, question);
}

const char *admit_name(enum admit admit)
{
    static const char *const names[] = {"admitted", "nobody",  "malformed", "unknown", "forged",
                                        "expired",  "foreign", "replayed",  "crowded"};
    return names[admit];
}
