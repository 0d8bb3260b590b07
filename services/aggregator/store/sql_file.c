/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/sql_file.h"

#include <stdio.h>

bool sql_file_read(struct strbuf *out, const char *folder, const char *name, struct error *error)
{
    char path[4096], bytes[8192];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(error, ERROR_CONFIG, 0, "%s: cannot be read; set aggregator.sql_dir",
                         path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        strbuf_add(out, span_from(bytes, n));
    fclose(file);
    return !strbuf_is_full(out) ||
           error_set(error, ERROR_CONFIG, 0, "%s: longer than %d bytes", path, SQL_FILE_MAX_BYTES);
}

bool sql_file_run(struct postgres_connection *connection, const char *folder, const char *name,
                  struct error *error)
{
    struct strbuf text;
    strbuf_init(&text, 16384, SQL_FILE_MAX_BYTES);
    bool good = sql_file_read(&text, folder, name, error);
    if (good && !postgres_connection_run(connection, text.at, error)) {
        error_wrap(error, "%s/%s", folder, name);
        good = false;
    }
    strbuf_fini(&text);
    return good;
}
