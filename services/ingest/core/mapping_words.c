/* SPDX-License-Identifier: Apache-2.0 */
/* Word lists: what a text is asked for before it is dropped. A list's words lie in 256 buckets by
 * their first two bytes, so a text is gone through once a list and hardly any place of it compares
 * a word. */
#include <stdlib.h>
#include <string.h>

#include "ingest/core/mapping_compile.h"

#define MOST_WORDS 10000

static unsigned bucket_of(const char *at)
{
    return ((unsigned char)at[0] * 31U + (unsigned char)at[1]) & 255U;
}

static int by_bucket(const void *a, const void *b)
{
    const struct span *one = a, *other = b;
    unsigned x = bucket_of(one->at), y = bucket_of(other->at);
    return x != y ? (x < y ? -1 : 1) : span_compare(*one, *other);
}

static void add_word(struct mapping_compiler *compiler, struct mapping_words *list, size_t *count,
                     struct place place, struct span word)
{
    if (word.len < 2)
        diagnostics_add(compiler->diagnostics, place, "a word of at least two letters",
                        "\"%.*s\" is no word", SPAN_ARG(word));
    else if (*count == MOST_WORDS)
        diagnostics_add(compiler->diagnostics, place, "split the list",
                        "a list has more than %d words", MOST_WORDS);
    else
        list->words[(*count)++] = word;
}

static void sort_words(struct mapping_words *list, size_t count)
{
    if (count > 0)
        qsort(list->words, count, sizeof *list->words, by_bucket);
    for (size_t bucket = 0, i = 0; bucket < 256; bucket++) {
        list->bucket[bucket] = (uint16_t)i;
        while (i < count && bucket_of(list->words[i].at) == bucket)
            i++;
    }
    list->bucket[256] = (uint16_t)count;
}

/* A file has one word a line, '#' begins a comment. */
static size_t read_file(struct mapping_compiler *compiler, const struct yaml_node *node,
                        struct mapping_words *list)
{
    const char *name, *path;
    size_t count = 0, lines = 1;
    if (!yaml_text(node, &name, compiler->diagnostics))
        return 0;
    struct span text = mapping_compile_file(compiler, node, name, &path);
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    list->words = mapping_memory_take(compiler->memory, (lines + 1) * sizeof *list->words);
    for (int line = 1; text.at; line++) {
        struct span row = span_cut(&text, '\n'), rest = row;
        struct span word = span_trim(span_cut(&rest, '#'));
        struct span before = span_from(row.at, (size_t)(word.at - row.at));
        struct place place = diagnostics_place_behind((struct place){path, line, 1}, before);
        if (word.len > 0)
            add_word(compiler, list, &count, place, word);
    }
    return count;
}

void mapping_words_read(struct mapping_compiler *compiler, const struct yaml_node *node)
{
    struct mapping *mapping = compiler->mapping;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP) {
        diagnostics_add(compiler->diagnostics, node->place, "words: { emergency: [word, word] }",
                        "words is not a map");
        return;
    }
    mapping->words =
        mapping_memory_take(compiler->memory, (node->count + 1) * sizeof *mapping->words);
    for (const struct yaml_node *one = node->first; one; one = one->next) {
        struct mapping_words *list = &mapping->words[mapping->words_count++];
        size_t count = 0;
        list->name = one->key;
        if (strspn(one->key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(one->key))
            diagnostics_add(compiler->diagnostics, one->key_place, "a-z, 0-9 and _",
                            "%s cannot name a flag", one->key);
        if (one->type == YAML_LIST) {
            const char **words = mapping_compile_texts(compiler, one, &count);
            size_t all = count;
            list->words = mapping_memory_take(compiler->memory, (all + 1) * sizeof *list->words);
            count = 0;
            for (size_t i = 0; i < all; i++)
                add_word(compiler, list, &count, one->place, span_of(words[i]));
        } else {
            count = read_file(compiler, one, list);
        }
        sort_words(list, count);
    }
}

const struct mapping_words *mapping_words_of(struct mapping_compiler *compiler,
                                             const struct yaml_node *place, const char *name)
{
    const struct mapping *mapping = compiler->mapping;
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < mapping->words_count; i++) {
        if (strcmp(mapping->words[i].name, name) == 0)
            return &mapping->words[i];
        if (count < ARRAY_LENGTH(names))
            names[count++] = mapping->words[i].name;
    }
    const char *near = diagnostics_nearest(name, names, count);
    diagnostics_add(compiler->diagnostics, place->place,
                    near ? near : "declare it under words:", "no word list %s", name);
    return NULL;
}

bool mapping_words_met(const struct mapping_words *list, struct span text)
{
    for (size_t at = 0; at + 1 < text.len; at++) {
        unsigned bucket = bucket_of(text.at + at);
        for (size_t i = list->bucket[bucket]; i < list->bucket[bucket + 1]; i++)
            if (span_starts(span_from(text.at + at, text.len - at), list->words[i]))
                return true;
    }
    return false;
}
