/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that read a kind's file. */
#pragma once

#include "config/yaml.h"
#include "model/case_kind.h"

/* Codes of all files of a folder that codes.csv has not: each is told a number of its own. */
struct missing_codes {
    struct {
        enum code_space space;
        const char *word; /* of a document */
        int number;
    } code[64]; /* further ones are told numbers as if these were none */
    size_t count;
};

struct case_kind_reading { /* one file */
    struct case_kind *kind;
    const struct codes *codes;
    struct diagnostics *diagnostics;
    struct missing_codes *missing;
    const char *names[CASE_KIND_MAX_STAGES]; /* of the stages */
};

/* Bits of stages. */
uint64_t case_kind_lasting(const struct case_kind *kind);
void case_kind_read_stages(struct case_kind_reading *reading, const struct yaml_node *map);
/* Index of the stage it names, or -1 with an error. */
int case_kind_read_stage_name(const struct case_kind_reading *reading,
                              const struct yaml_node *node);
/* The word's place in a list of words, or -1 with an error. */
int case_kind_read_word(const struct case_kind_reading *reading, const struct yaml_node *node,
                        const char *const *words, size_t count);
void case_kind_add_unknown_code(const struct case_kind_reading *reading, enum code_space space,
                                struct place place, const char *what, const char *word);
