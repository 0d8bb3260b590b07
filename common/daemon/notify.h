/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify in one datagram to $NOTIFY_SOCKET (systemd's sd_notify(3)); nothing where the variable
 * is not set. */
#pragma once

#include <stdint.h>

void notify_send(const char *state); /* "READY=1", "STOPPING=1", "WATCHDOG=1" */
/* "RELOADING=1" with the moment of it, in one datagram: without it a supervisor of kind
 * notify-reload waits in vain. READY=1 ends it. */
void notify_reloading(void);
/* How often the supervisor is to hear WATCHDOG=1: half of $WATCHDOG_USEC; 0 = never. */
int64_t notify_watchdog_ms(void);
