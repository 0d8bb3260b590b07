/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain-ingest --stdin: what would become of a feed's bytes, without a broker, a database or a
 * file of ours: the events and rejects that the doors and the normaliser would make of them. */
#pragma once

#include <stdbool.h>

bool feed_stdin_is_asked(int argc, char **argv);
int feed_stdin_run(int argc, char **argv); /* the exit status */
