/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the header is signed as it was written, so two spellings of one number are two
 * requests; no name can hold a line feed or a comma, so eight lines are one text in one way only.
 */
#include "ingest/core/signature.h"

#include "base/base.h"

bool signature_is_name(struct span name, size_t least, size_t most)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.'))
            return false;
    }
    return name.len >= least && name.len <= most;
}

/* Seconds without sign and leading zeros; twelve digits reach far enough and overflow nothing. */
static bool read_time(struct span text, int64_t *seconds)
{
    return text.len > 0 && text.len <= 12 && text.at[0] >= '1' && text.at[0] <= '9' &&
           span_to_int64(text, seconds);
}

static bool read_members(struct signature *signature, struct span rest, struct span *mac)
{
    struct {
        const char *name;
        struct span *value;
    } members[] = {{"station", &signature->station},
                   {"key", &signature->key},
                   {"time", &signature->time},
                   {"message", &signature->message},
                   {"signature", mac}};
    size_t found = 0;
    while (rest.at) {
        struct span value = span_trim(span_cut(&rest, ','));
        struct span name = span_cut(&value, '=');
        size_t i = 0;
        while (i < ARRAY_LENGTH(members) && !span_is(name, members[i].name))
            i++;
        if (i == ARRAY_LENGTH(members) || members[i].value->at || value.at == NULL)
            return false;
        *members[i].value = value;
        found++;
    }
    return found == ARRAY_LENGTH(members);
}

bool signature_read(struct signature *signature, struct span authorization)
{
    struct span scheme = SPAN(SIGNATURE_SCHEME " "), mac = SPAN_NONE;
    *signature = (struct signature){0};
    if (!span_starts(authorization, scheme))
        return false;
    struct span rest = span_from(authorization.at + scheme.len, authorization.len - scheme.len);
    return read_members(signature, rest, &mac) &&
           signature_is_name(signature->station, 1, SIGNATURE_NAME_MAX) &&
           signature_is_name(signature->key, 1, SIGNATURE_NAME_MAX) &&
           signature_is_name(signature->message, SIGNATURE_MESSAGE_MIN, SIGNATURE_MESSAGE_MAX) &&
           read_time(signature->time, &signature->time_s) &&
           digest_read_hex(signature->mac, sizeof signature->mac, mac);
}

void signature_mac(unsigned char mac[DIGEST_BYTES], const struct signature *signature,
                   const struct signed_request *request,
                   const unsigned char secret[SIGNATURE_SECRET])
{
    unsigned char hash[DIGEST_BYTES];
    char hex[DIGEST_HEX + 1];
    digest_sha256(hash, request->body);
    digest_write_hex(hex, hash, sizeof hash);
    const struct span line = SPAN("\n");
    const struct span parts[] = {SPAN("v1"),         line, request->method,           line,
                                 request->target,    line, signature->station,        line,
                                 signature->key,     line, signature->time,           line,
                                 signature->message, line, span_from(hex, DIGEST_HEX)};
    digest_hmac(mac, span_from((const char *)secret, SIGNATURE_SECRET), parts, ARRAY_LENGTH(parts));
}

void signature_write(struct strbuf *out, const struct signature *signature)
{
    char hex[DIGEST_HEX + 1];
    digest_write_hex(hex, signature->mac, sizeof signature->mac);
    strbuf_addf(out, SIGNATURE_SCHEME " station=%.*s,key=%.*s,time=%.*s,message=%.*s,signature=%s",
                SPAN_ARG(signature->station), SPAN_ARG(signature->key), SPAN_ARG(signature->time),
                SPAN_ARG(signature->message), hex);
}

bool signature_is_timely(const struct signature *signature, int64_t now_ms)
{
    int64_t early_ms = signature->time_s * 1000 - now_ms;
    return early_ms <= SIGNATURE_WINDOW_MS && early_ms >= -SIGNATURE_WINDOW_MS;
}
