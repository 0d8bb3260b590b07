/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify in one datagram to $NOTIFY_SOCKET (systemd's sd_notify(3)); nothing where the variable
 * is not set. */
#pragma once

void notify_send(const char *state); /* "READY=1", "STOPPING=1" */
