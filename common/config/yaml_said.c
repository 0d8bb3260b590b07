/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_said.h"

#include <string.h>

static void add_text(struct digest *digest, const char *text)
{
    digest_add(digest, span_from(text ? text : "", text ? strlen(text) + 1 : 1));
}

/* A node as its key, its text or its children, and its end. The root is level 0, its sections are
 * 1, and what they declare is 2. */
static void add(struct digest *digest, const struct yaml_node *node, int level)
{
    bool named = level == 0 || level == 2;
    add_text(digest, node->key);
    digest_add(digest, span_of(node->type == YAML_SCALAR ? "=" : "("));
    if (node->type == YAML_SCALAR)
        add_text(digest, node->text);
    for (const struct yaml_node *child = node->first; child; child = child->next)
        if (!named || !child->key || strcmp(child->key, "name") != 0)
            add(digest, child, level + 1);
    digest_add(digest, SPAN(")"));
}

void yaml_said_add(struct digest *digest, const struct yaml_node *root)
{
    add(digest, root, 0);
}
