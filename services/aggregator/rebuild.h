/* SPDX-License-Identifier: Apache-2.0 */
/* `citybrain-aggregator rebuild`: what `citybrain rebuild` runs. Every cell anew from the stored
 * sets, beside the running aggregators; compared, and swapped in. */
#pragma once

/* Exit status. */
int rebuild_run(int argc, char **argv);
