/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/api_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "daemon/log.h"

#define MAX_FILE_BYTES (4 << 20)

struct file {
    struct strbuf bytes;
    const char *type, *cache;
};

struct api_files {
    struct file file[API_FILES_ROUTES];
};

static const char html[] = "text/html; charset=utf-8";
static const char css[] = "text/css; charset=utf-8";
static const char script[] = "text/javascript; charset=utf-8";

static void on_file(void *context, struct http_request *request)
{
    const struct file *file = context;
    http_request_answer(
        request, &(struct http_answer){.status = 200,
                                       .content_type = file->type,
                                       .body = strbuf_span(&file->bytes),
                                       .more = {{"Cache-Control", file->cache},
                                                {"Content-Security-Policy", "default-src 'self'"},
                                                {"X-Content-Type-Options", "nosniff"}}});
}

static void on_no_charts(void *context, struct http_request *request)
{
    (void)context;
    http_request_problem(request, 404, "no_charts", "未安装图表组件",
                         "ECharts was not there when the aggregator started: run make deps, or set "
                         "aggregator.charts, and start it again");
}

static bool load_file(struct file *file, const char *path)
{
    char bytes[8192];
    FILE *in = fopen(path, "rb");
    strbuf_init(&file->bytes, 4096, MAX_FILE_BYTES);
    if (!in)
        return false;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        strbuf_add(&file->bytes, span_from(bytes, n));
    fclose(in);
    return !strbuf_is_full(&file->bytes);
}

static bool load_page(struct api_files *files, const char *folder, struct http_route *routes,
                      struct error *error)
{
    static const char *const rows[][3] = {{"index.html", "/", html},
                                          {"app.js", "/app.js", script},
                                          {"charts.js", "/charts.js", script},
                                          {"style.css", "/style.css", css}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, rows[i][0]);
        if (!load_file(&files->file[i], path))
            return error_set(error, ERROR_CONFIG, 0, "%s: cannot be read; set aggregator.web",
                             path);
        files->file[i].type = rows[i][2];
        files->file[i].cache = "no-cache";
        routes[i] = (struct http_route){"GET", rows[i][1], 0, on_file, &files->file[i]};
    }
    return true;
}

/* Somebody else's, a megabyte, and of one version: a browser may keep it for a day. */
static void load_charts(struct file *file, const char *path, struct http_route *route)
{
    bool found = load_file(file, path);
    file->type = script;
    file->cache = "public, max-age=86400";
    *route = (struct http_route){"GET", "/echarts.min.js", 0, found ? on_file : on_no_charts, file};
    if (!found)
        log_warn("api.no_charts", LOG_STR("path", path), LOG_STR("fix", "make deps"));
}

struct api_files *api_files_open(const struct aggregator_config *config, struct http_route *routes,
                                 struct error *error)
{
    struct api_files *files = xcalloc(1, sizeof *files);
    if (!load_page(files, config->web, routes, error)) {
        api_files_close(files);
        return NULL;
    }
    load_charts(&files->file[API_FILES_ROUTES - 1], config->charts, &routes[API_FILES_ROUTES - 1]);
    return files;
}

void api_files_close(struct api_files *files)
{
    for (size_t i = 0; i < API_FILES_ROUTES; i++)
        strbuf_fini(&files->file[i].bytes);
    free(files);
}
