/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, by his token, what he may see, and how often he may ask. */
#pragma once

#include <stdbool.h>

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"
#include "daemon/http_server.h"

struct api_asker {
    bool all;            /* sees the whole district */
    struct span unit;    /* else this unit's; absent = none */
    struct span station; /* else the cases that this station told of */
    char role[80];       /* his in the database */
};

struct api_access;
struct api_access *api_access_open(struct daemon *daemon, const struct aggregator_config *config);
void api_access_free(struct api_access *access);
/* Who sent it; he was let in by api_access_admit. */
struct api_asker api_access_asker(const struct api_access *access,
                                  const struct http_request *request);
/* False when it has answered: 401 to a token of nobody's or where one is asked for, 429 to who asks
 * too often. */
bool api_access_admit(struct api_access *access, struct http_request *request);
