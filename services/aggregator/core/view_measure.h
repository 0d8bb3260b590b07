/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the measures of a view; shared by the files that read views. */
#pragma once

#include "aggregator/core/view.h"
#include "config/yaml.h"

struct view_reading {
    struct view *view;
    const struct codes *codes;
    struct diagnostics *diagnostics;
};

enum view_section { SECTION_COHORT, SECTION_FLOW, SECTION_STOCK };

void view_measure_read(const struct view_reading *reading, const struct yaml_node *node,
                       enum view_section section);
/* A moment of the view's kind; false and a message otherwise. */
bool view_measure_read_moment(const struct view_reading *reading, const struct yaml_node *node,
                              int *moment);
/* As files write it. */
const char *view_measure_moment_name(const struct view *view, int moment);
/* The word's index; false and a message with the nearest one otherwise. */
bool view_measure_word(const struct view_reading *reading, const struct yaml_node *node,
                       const char *const *words, size_t count, size_t *index);
bool view_measure_check_name(const struct view_reading *reading, const char *text,
                             struct place place);
/* FORMULA, in view_formula.c. */
bool view_formula_read(const struct view_reading *reading, struct view_measure *measure,
                       const struct yaml_node *node);
const struct view_measure *view_measure_find(const struct view *view, const char *name);
