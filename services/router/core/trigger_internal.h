/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that compile a trigger. */
#pragma once

#include "router/core/trigger.h"

struct trigger_reading {
    struct trigger *trigger;
    const struct kinds *kinds;
    const struct district *district;
    struct diagnostics *diagnostics;
};

/* A field that signals have to bring; once, however often it is asked for. False when there are too
 * many of them. */
bool trigger_add_field(struct trigger *trigger, struct span field);
/* The form's own keys, and the steps it listens to. */
bool trigger_read_form(struct trigger_reading *reading, const struct yaml_node *root);
/* `on`, `of`, `first`, `then`: one step, or a list of which any will do. */
bool trigger_read_steps(struct trigger_reading *reading, const struct yaml_node *node,
                        enum trigger_role role, bool everywhere);
/* Once it is read: names its steps and its shape. */
void trigger_shape(struct trigger *trigger);
/* `open:`, with the words of its sentence. */
bool trigger_read_open(struct trigger_reading *reading, const struct yaml_node *node);

/* May a sentence of this trigger have the word; *field: what it stands for, absent where it is
 * computed. Beside the words of every trigger these are the fields it groups by. */
bool trigger_word(const struct trigger *trigger, struct span word, struct span *field);
