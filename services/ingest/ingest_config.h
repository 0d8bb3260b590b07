/* SPDX-License-Identifier: Apache-2.0 */
/* ingest's settings and the files they point to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "config/schema.h"
#include "daemon/http_server.h"
#include "daemon/options.h"
#include "daemon/settings.h"
#include "ingest/core/mapping.h"
#include "ingest/core/quota.h"
#include "ingest/credentials.h"
#include "ingest/drop_folder.h"
#include "ingest/pseudonym_key.h"
#include "kafka/client.h"
#include "model/case_kind.h"
#include "model/codes.h"

enum ingest_role { INGEST_BOTH, INGEST_DOORS, INGEST_NORMALISER };
enum ingest_clock_mode { INGEST_CLOCK_REAL, INGEST_CLOCK_MANUAL };

struct ingest_config {
    struct daemon_settings daemon;
    struct kafka_settings kafka;
    const char *config_dir, *listen, *pages, *keys_file, *tokens_file;
    struct pseudonym_key pseudonym;
    int role;       /* enum ingest_role */
    int clock_mode; /* enum ingest_clock_mode */
    int64_t tick_every_ms, max_upload, max_records, remembered;
    struct http_limits limits; /* of the doors; its sizes and counts come from: */
    int64_t connections, per_address, per_station, in_flight;
    int64_t head_ms, body_ms, idle_ms, deadline_ms, drain_grace_ms;
    struct quota_limits quota;
    bool insecure_bearer;
    struct drop_settings drop;
    struct settings *settings; /* owned */
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct credentials *credentials;
    char bundle[DIGEST_ID_LEN + 1]; /* the name of the registries its tables were read from */
};

/* Loads file, environment and --set words, then feeds, kinds and tokens. ERROR_CONFIG otherwise. */
bool ingest_config_load(struct ingest_config *config, const struct options *options,
                        struct error *error);
/* Read once more, as a reload does; NULL on error. */
struct credentials *ingest_config_credentials(const struct ingest_config *config,
                                              struct diagnostics *diagnostics);
void ingest_config_fini(struct ingest_config *config);
