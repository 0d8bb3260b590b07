/* SPDX-License-Identifier: Apache-2.0 */
/* What ids of cases begin with, as the feeds' files declare it: who knows a number alone, as people
 * do, has its case looked up under each. A file that cannot be read is left out, as of titles. */
#pragma once

#include "base/strbuf.h"
#include "model/case_kind.h"

struct namespace_list;
/* Those of kinds; the others are of observations and registries. */
struct namespace_list *namespace_list_load(const char *folder, const struct kinds *kinds);
void namespace_list_free(struct namespace_list *list);
/* "request:12345:N1,request:chaowoshuo:N1": every id the number may have. */
void namespace_list_ids(const struct namespace_list *list, struct span number, struct strbuf *out);
