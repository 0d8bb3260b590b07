/* SPDX-License-Identifier: Apache-2.0 */
/* What registries.csv rows say of each other, of rules and of feeds: a word that nobody knows would
 * send orders to the desk without a sound. */
#pragma once

#include "citybrain/bundle.h"

/* A bundle that did not load is asked as far as it did. */
void check_words(const struct bundle *bundle, const char *folder, struct diagnostics *diagnostics);
