/* SPDX-License-Identifier: Apache-2.0 */
/* What codes are called by those who read them: Chinese, the code behind it. Words are ours, names
 * are the registries'. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/strbuf.h"
#include "model/case_fold.h"
#include "router/core/district.h"

/* Each absent where there is no word for it; a kind has its own for its stages (NULL = ours). */
struct span why_words_stage(const struct case_kind *kind, struct span stage);
struct span why_words_said(const struct case_kind *kind, struct span stage, struct span party);
struct span why_words_party(struct span party);
struct span why_words_member(struct span member);
/* A value of a closed list, by its member: mode, disposition, due_source …; a rule may be the
 * move that it answers, by the kind's word. */
struct span why_words_value(const struct case_kind *kind, struct span member, struct span value);
/* Why a line has no effect: a code and a sentence. */
struct span why_words_reason_code(enum line_reason reason);
struct span why_words_reason(enum line_reason reason, bool designated);

/* Members whose values the registries name, and what such a code is called: absent where it is not
 * known. */
bool why_words_has_name(struct span member);
struct span why_words_name(const struct district *district, struct span member, struct span code);

/* "建外街道办事处(s110105001)", "结案(closed)": the name and the code; the code alone where nothing
 * is called by it. `district` may lack registries. */
void why_words_add_unit(struct strbuf *out, const struct district *district, struct span unit);
void why_words_add(struct strbuf *out, const struct district *district,
                   const struct case_kind *kind, struct span member, struct span value);
/* "word(code)", or the code. */
void why_words_add_named(struct strbuf *out, struct span word, struct span code);
