/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of a unit and progress of a station's cases, for those without Kafka: what changed since a
 * place in the log, waited for where there is nothing. */
#pragma once

#include "aggregator/api_call.h"

void api_duty_orders(void *api, struct http_request *request);
void api_duty_progress(void *api, struct http_request *request);
