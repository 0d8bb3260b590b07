/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as a tree in the record's arena (yajl behind this file only). UTF-8 is validated before
 * parsing; depth <= 32; duplicate keys, \u0000 and halves of surrogate pairs are refused; numbers
 * keep their text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "model/reject.h"

#define JSON_MOST_DEPTH   32
#define JSON_MOST_MEMBERS 1024 /* of an object: each key is compared with those before it */

struct json_limits {
    size_t text;    /* bytes of a string, unescaped */
    size_t members; /* of an object, at most JSON_MOST_MEMBERS */
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_type type;
    bool truth;               /* BOOL */
    struct span text;         /* STRING unescaped; NUMBER as written */
    struct span key;          /* inside an object */
    struct json_value *first; /* children in order */
    struct json_value *next;
    size_t count;
};

struct json_reader; /* keeps yajl's handle warm; one per thread */
struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader *reader);
/* For what comes from outside: REJECT_TOO_LARGE beyond. A new reader has no limit of text. */
void json_reader_limit(struct json_reader *reader, struct json_limits limits);
/* REJECT_NONE and *value, or why not with *bad_at = byte offset. Everything lives in the arena;
 * texts may borrow `in`. */
enum reject json_read(struct json_reader *reader, struct span in, struct arena *arena,
                      const struct json_value **value, size_t *bad_at);
/* May a document be so long that none of its texts is too long? */
bool json_reader_takes(const struct json_reader *reader, size_t len);
/* A member's value of a document that is valid UTF-8 and an object of plain members else; NULL
 * where json_read of the whole has something to say. */
const struct json_value *json_read_member(struct json_reader *reader, struct span in,
                                          struct arena *arena);
/* json_read by the parser alone, of valid UTF-8: what json_scan.h is held against. */
enum reject json_parse(struct json_reader *reader, struct span in, struct arena *arena,
                       const struct json_value **value, size_t *bad_at);

const struct json_value *json_get(const struct json_value *object,
                                  struct span key); /* NULL when absent or not an object */
struct span json_text(const struct json_value *object,
                      const char *key); /* STRING's or NUMBER's text; absent otherwise */
/* json_text of each name, in one pass. An absent name matches nothing. */
#define JSON_MOST_NAMES 64
void json_texts(const struct json_value *object, const struct span *names, size_t count,
                struct span *texts);
bool json_int(const struct json_value *object, const char *key, int64_t *value);
