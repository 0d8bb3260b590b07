/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the header is signed as it was written, so two spellings of one number are two
 * requests; nothing of it can hold a line feed, so a text is that of one request only. */
#include "ingest/core/signature.h"

#include <strings.h>

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

static bool starts_in_any_case(struct span s, struct span prefix)
{
    return s.len >= prefix.len && strncasecmp(s.at, prefix.at, prefix.len) == 0;
}

bool signature_covers(struct span name)
{
    return starts_in_any_case(name, SPAN("citybrain-")) || starts_in_any_case(name, SPAN("ce-"));
}

static int compare_names(struct span a, struct span b)
{
    int order = strncasecmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Those of one name stay in their order. */
static void sort(struct signed_header *to, const struct signed_header *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && compare_names(to[at - 1].name, from[i].name) > 0; at--)
            to[at] = to[at - 1];
        to[at] = from[i];
    }
}

static void add_header(struct strbuf *text, const struct signed_header *header)
{
    strbuf_add_char(text, '\n');
    for (size_t i = 0; i < header->name.len; i++) {
        char c = header->name.at[i];
        strbuf_add_char(text, (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    }
    strbuf_add_char(text, ':');
    strbuf_add(text, span_trim(header->value));
}

bool signature_text(struct strbuf *text, const struct signature *signature,
                    const struct signed_request *request)
{
    struct signed_header sorted[SIGNATURE_HEADERS_MAX];
    unsigned char hash[DIGEST_BYTES];
    char hex[DIGEST_HEX + 1];
    if (request->header_count > SIGNATURE_HEADERS_MAX)
        return false;
    digest_sha256(hash, request->body);
    digest_write_hex(hex, hash, sizeof hash);
    const struct span lines[] = {
        request->method, request->target,    signature->station,        signature->key,
        signature->time, signature->message, span_from(hex, DIGEST_HEX)};
    strbuf_reset(text);
    strbuf_add(text, SPAN("v1"));
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        strbuf_add_char(text, '\n');
        strbuf_add(text, lines[i]);
    }
    sort(sorted, request->headers, request->header_count);
    for (size_t i = 0; i < request->header_count; i++)
        add_header(text, &sorted[i]);
    return !strbuf_is_full(text);
}

void signature_mac(unsigned char mac[DIGEST_BYTES], struct span text,
                   const unsigned char secret[SIGNATURE_SECRET])
{
    digest_hmac(mac, span_from((const char *)secret, SIGNATURE_SECRET), &text, 1);
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
