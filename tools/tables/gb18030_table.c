/* SPDX-License-Identifier: Apache-2.0 */
/* Writes base/gb18030_table.h at build time: GB 18030-2022 by its rules.
 * The two-byte codes are what iconv says, but for the 25 that the editions (and the libraries) do
 * not agree on; those stand below. Four-byte codes of the BMP are, in order, all code points that
 * had no shorter code in the edition of 2000; what has moved to two bytes since then left its
 * four-byte code to the code point it took the place of. So the table is the same whatever iconv
 * this machine has. */
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEADS   126 /* 0x81 to 0xFE */
#define SECONDS 190 /* 0x40 to 0x7E, 0x80 to 0xFE */
#define BMP     0x10000

/* Since 2000: the code point of 2022, and the one of private use it has taken the place of. The
 * last six have kept theirs: their ideographs have four-byte codes of their own. */
static const struct moved {
    unsigned two_bytes, code, was;
} moved[] = {
    {0xa6d9, 0xfe10, 0xe78d}, {0xa6da, 0xfe12, 0xe78e}, {0xa6db, 0xfe11, 0xe78f},
    {0xa6dc, 0xfe13, 0xe790}, {0xa6dd, 0xfe14, 0xe791}, {0xa6de, 0xfe15, 0xe792},
    {0xa6df, 0xfe16, 0xe793}, {0xa6ec, 0xfe17, 0xe794}, {0xa6ed, 0xfe18, 0xe795},
    {0xa6f3, 0xfe19, 0xe796}, {0xa8bc, 0x1e3f, 0xe7c7}, {0xfe59, 0x9fb4, 0xe81e},
    {0xfe61, 0x9fb5, 0xe826}, {0xfe66, 0x9fb6, 0xe82b}, {0xfe67, 0x9fb7, 0xe82c},
    {0xfe6d, 0x9fb8, 0xe832}, {0xfe7e, 0x9fb9, 0xe843}, {0xfe90, 0x9fba, 0xe854},
    {0xfea0, 0x9fbb, 0xe864}, {0xfe51, 0xe816, 0xe816}, {0xfe52, 0xe817, 0xe817},
    {0xfe53, 0xe818, 0xe818}, {0xfe6c, 0xe831, 0xe831}, {0xfe76, 0xe83b, 0xe83b},
    {0xfe91, 0xe855, 0xe855},
};
#define MOVED (sizeof moved / sizeof moved[0])

static const struct moved *moved_from(unsigned two_bytes)
{
    for (size_t i = 0; i < MOVED; i++)
        if (moved[i].two_bytes == two_bytes)
            return &moved[i];
    return NULL;
}

static uint32_t ask(iconv_t handle, unsigned two_bytes)
{
    char in[2] = {(char)(two_bytes >> 8), (char)two_bytes}, *from = in;
    uint32_t code = 0;
    char *to = (char *)&code;
    size_t from_left = sizeof in, to_left = sizeof code;
    iconv(handle, NULL, NULL, NULL, NULL);
    if (iconv(handle, &from, &from_left, &to, &to_left) != 0 || from_left > 0 || code >= BMP) {
        fprintf(stderr, "iconv of this system cannot tell what %04X is in GB18030\n", two_bytes);
        exit(1);
    }
    return code;
}

/* `shorter`: the code points that had at most two bytes in 2000. */
static void write_two_bytes(iconv_t handle, char *shorter)
{
    printf("static const uint16_t two_bytes[%d] = {", LEADS * SECONDS);
    for (unsigned i = 0; i < LEADS * SECONDS; i++) {
        unsigned second = i % SECONDS + 0x40;
        unsigned two = (i / SECONDS + 0x81) << 8 | (second + (second >= 0x7f));
        const struct moved *one = moved_from(two);
        uint32_t code = one ? one->code : ask(handle, two);
        shorter[one ? one->was : code] = 1;
        printf("%s0x%04x,", i % 12 == 0 ? "\n    " : " ", code);
    }
    printf("\n};\n\n");
}

static uint32_t now_at(uint32_t code)
{
    for (size_t i = 0; i < MOVED; i++)
        if (moved[i].code == code)
            return moved[i].was;
    return code;
}

static void write_four_bytes(const char *shorter)
{
    uint32_t index = 0, next = BMP;
    printf("static const struct four_bytes_range {\n    uint16_t first, code;\n} four_bytes[] = {");
    for (uint32_t code = 0x80; code < BMP; code++) {
        if (shorter[code] || (code >= 0xd800 && code < 0xe000))
            continue;
        uint32_t now = now_at(code);
        if (now != next)
            printf("\n    {%u, 0x%04x},", index, now);
        next = now + 1;
        index++;
    }
    printf("\n};\n\n#define FOUR_BYTES_BMP %uU\n", index);
}

int main(void)
{
    static char shorter[BMP];
    iconv_t handle = iconv_open("UTF-32LE", "GB18030");
    if (handle == (iconv_t)-1) {
        fprintf(stderr, "iconv of this system has no GB18030\n");
        return 1;
    }
    printf("/* Made by tools/tables/gb18030_table.c. */\n#pragma once\n\n#include <stdint.h>\n\n");
    write_two_bytes(handle, shorter);
    write_four_bytes(shorter);
    iconv_close(handle);
    return ferror(stdout) ? 1 : 0;
}
