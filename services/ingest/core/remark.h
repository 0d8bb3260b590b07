/* SPDX-License-Identifier: Apache-2.0 */
/* The reason that a unit or the desk gives for its move, as it may go on: what a pattern knows for
 * a person's is masked (docs/decisions/0362). */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"

/* Appends at most CASE_LINE_SAID bytes of it in whole characters. False: nothing is left. The text
 * is UTF-8. */
bool remark_write(struct strbuf *out, struct span text);
