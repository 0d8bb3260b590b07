/* SPDX-License-Identifier: Apache-2.0 */
/* Padding stands only where the last group is short; nothing else is skipped. */
#include "gen/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct strbuf *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.len ? (unsigned char)bytes.at[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            strbuf_add_char(out, i + k > bytes.len ? '=' : letters[group >> (18 - 6 * k) & 63]);
    }
}

bool base64_read(struct strbuf *out, struct span text)
{
    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t group = 0;
        size_t bytes = 3;
        for (size_t k = 0; k < 4; k++) {
            ptrdiff_t letter = span_find(SPAN(letters), text.at[i + k]);
            bool padding = text.at[i + k] == '=' && i + 4 == text.len && k >= 2;
            if (letter < 0 && !padding)
                return false;
            bytes -= padding;
            group = group << 6 | (letter > 0 ? (uint32_t)letter : 0);
        }
        for (size_t k = 0; k < bytes; k++)
            strbuf_add_char(out, (char)(group >> (16 - 8 * k) & 255));
    }
    return true;
}
