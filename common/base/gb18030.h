/* SPDX-License-Identifier: Apache-2.0 */
/* GB 18030-2022 to UTF-8 and back, one to one, by a table made at build time; GBK and GB2312 are
 * its subsets. Stateless: what is read does not depend on the system's own tables. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Fills `room` bytes at `to` from the front of `in`. *read = bytes of `in` that were turned into
 * the *written ones: all of it, or up to the first character that cannot be read or has no room. */
enum gb18030_result { GB18030_ALL, GB18030_BAD, GB18030_NO_ROOM };
enum gb18030_result gb18030_to_utf8(struct span in, char *to, size_t room, size_t *read,
                                    size_t *written);

/* For writers: two-byte codes by code point, 0 where there is none. */
#define GB18030_CODES 65536
void gb18030_two_bytes(uint16_t two_bytes[GB18030_CODES]);
/* Bytes written, at most 4; 0 for a surrogate or what lies beyond Unicode. */
size_t gb18030_write(char *to, uint32_t code, const uint16_t two_bytes[GB18030_CODES]);
