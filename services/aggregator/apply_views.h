/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain-aggregator apply-views, the work behind `citybrain views apply`: no daemon, one plan or
 * one fill. */
#pragma once

/* argv[0] is the word itself; returns the exit status. */
int apply_views_run(int argc, char **argv);
