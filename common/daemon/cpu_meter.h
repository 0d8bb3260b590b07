/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time of what lies between two moments of one thread, added up. Its owner's thread adds
 * to it; what another thread spent is brought to it. */
#pragma once

#include <stdint.h>

struct cpu_meter {
    int64_t ns;
};

/* What this thread has spent until now. NULL = nobody asks: the kernel is not asked either. */
int64_t cpu_meter_begin(const struct cpu_meter *meter);
void cpu_meter_end(struct cpu_meter *meter, int64_t began);
