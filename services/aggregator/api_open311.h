/* SPDX-License-Identifier: Apache-2.0 */
/* Open311 GeoReport v2, read-only: services, their definitions, requests, discovery; .json, .xml.
 */
#pragma once

#include "aggregator/api_call.h"

void api_open311_resource(void *api, struct http_request *request); /* services, requests */
void api_open311_service(void *api, struct http_request *request);
void api_open311_request(void *api, struct http_request *request);
void api_open311_discovery(void *api, struct http_request *request);
