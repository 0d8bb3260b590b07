/* SPDX-License-Identifier: Apache-2.0 */
/* What people call something that a file declares by its code: name: 整改, for every reader, or
 * name: { zh: 整改, en: put right }. */
#pragma once

#include "base/language.h"
#include "base/strbuf.h"
#include "config/yaml.h"

struct yaml_name {
    const char *chinese, *english; /* both or none; the document's */
};

/* None where there is no such node. At most twenty Chinese characters in one line. */
void yaml_name_read(struct yaml_name *name, const struct yaml_node *node,
                    struct diagnostics *diagnostics);
/* LANGUAGE_BOTH is Chinese. Absent where there is none. */
struct span yaml_name_in(const struct yaml_name *name, enum language language);
/* Members of a JSON object: "name", and "name_en" where that is another. */
void yaml_name_write(const struct yaml_name *name, struct strbuf *out);
