/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cpu_meter.h"

#include <stddef.h>
#include <time.h>

int64_t cpu_meter_begin(const struct cpu_meter *meter)
{
    struct timespec now;
    if (!meter || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cpu_meter_end(struct cpu_meter *meter, int64_t began)
{
    if (meter)
        meter->ns += cpu_meter_begin(meter) - began;
}
