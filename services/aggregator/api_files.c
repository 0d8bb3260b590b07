/* SPDX-License-Identifier: Apache-2.0 */
/* A browser runs what comes from here and nothing else, and speaks with this address and the door's
 * alone: the policy says so, whatever the page's scripts would do. */
#include "aggregator/api_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/api_reply.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "daemon/log.h"

#define MAX_FILE_BYTES (4 << 20)

struct file {
    struct strbuf bytes;
    char *path; /* owned: of its route */
    char tag[DIGEST_ID_LEN + 3];
    const char *type, *cache, *policy;
};

struct api_files {
    struct file file[API_FILES_MOST];
    size_t count;
    char policy[512];
};

static const char script[] = "text/javascript; charset=utf-8";

static void on_file(void *context, struct http_request *request)
{
    const struct file *file = context;
    bool known = api_reply_is_known(http_request_header(request, "If-None-Match"), file->tag);
    http_request_answer(request,
                        &(struct http_answer){.status = known ? 304 : 200,
                                              .content_type = file->type,
                                              .body = known ? SPAN("") : strbuf_span(&file->bytes),
                                              .more = {{"ETag", file->tag},
                                                       {"Cache-Control", file->cache},
                                                       {"Content-Security-Policy", file->policy},
                                                       {"Referrer-Policy", "no-referrer"},
                                                       {"X-Content-Type-Options", "nosniff"}}});
}

static void on_no_charts(void *context, struct http_request *request)
{
    (void)context;
    http_request_problem(request, 404, "no_charts", "未安装图表组件",
                         "ECharts was not there when the aggregator started: run make deps, or set "
                         "aggregator.charts, and start it again");
}

static const char *type_of(struct span name)
{
    static const char *const rows[][2] = {{".html", "text/html; charset=utf-8"},
                                          {".css", "text/css; charset=utf-8"},
                                          {".js", script},
                                          {".svg", "image/svg+xml"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (name.len > 0 && name.at[0] != '.' && span_ends(name, span_of(rows[i][0])))
            return rows[i][1];
    return NULL;
}

static bool load_file(struct file *file, const char *path)
{
    char bytes[8192], id[DIGEST_ID_LEN + 1];
    FILE *in = fopen(path, "rb");
    strbuf_init(&file->bytes, 4096, MAX_FILE_BYTES);
    if (!in)
        return false;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        strbuf_add(&file->bytes, span_from(bytes, n));
    bool read = !ferror(in);
    fclose(in);
    digest_bytes(id, strbuf_span(&file->bytes));
    snprintf(file->tag, sizeof file->tag, "\"%s\"", id);
    return read && !strbuf_is_full(&file->bytes);
}

static struct file *add_file(struct api_files *files, const char *path, const char *type,
                             const char *cache)
{
    struct file *file = &files->file[files->count++];
    file->path = xstrdup(path);
    file->type = type;
    file->cache = cache;
    file->policy = files->policy;
    return file;
}

static int is_of_page(const struct dirent *entry)
{
    return type_of(span_of(entry->d_name)) != NULL;
}

/* One place is kept for the charts. */
static bool load_one(struct api_files *files, const char *folder, const char *name,
                     struct http_route *routes, struct error *error)
{
    char path[4096], address[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(address, sizeof address, "/%s", strcmp(name, "index.html") == 0 ? "" : name);
    if (files->count == API_FILES_MOST - 1)
        return error_set(error, ERROR_CONFIG, 0, "%s: more than %d files of a page; fix: fewer",
                         folder, API_FILES_MOST - 1);
    struct file *file = add_file(files, address, type_of(span_of(name)), "no-cache");
    routes[files->count - 1] = (struct http_route){"GET", file->path, 0, on_file, file};
    return load_file(file, path) ||
           error_set(error, ERROR_CONFIG, 0, "%s: cannot be read; set aggregator.web", path);
}

static bool load_page(struct api_files *files, const char *folder, struct http_route *routes,
                      struct error *error)
{
    struct dirent **entries = NULL;
    bool found = false, good = true;
    int count = scandir(folder, &entries, is_of_page, alphasort);
    for (int i = 0; i < count; i++) {
        found = found || strcmp(entries[i]->d_name, "index.html") == 0;
        good = good && load_one(files, folder, entries[i]->d_name, routes, error);
        free(entries[i]);
    }
    free(entries);
    return good &&
           (found || error_set(error, ERROR_CONFIG, 0,
                               "%s/index.html: cannot be read; set aggregator.web", folder));
}

/* Somebody else's, a megabyte, and of one version: a browser may keep it for a day. */
static void load_charts(struct api_files *files, const char *path, struct http_route *routes)
{
    struct file *file = add_file(files, "/echarts.min.js", script, "public, max-age=86400");
    bool found = load_file(file, path);
    routes[files->count - 1] =
        (struct http_route){"GET", file->path, 0, found ? on_file : on_no_charts, file};
    if (!found)
        log_warn("api.no_charts", LOG_STR("path", path), LOG_STR("fix", "make deps"));
}

struct api_files *api_files_open(const struct aggregator_config *config, struct http_route *routes,
                                 size_t *count, struct error *error)
{
    struct api_files *files = xcalloc(1, sizeof *files);
    snprintf(files->policy, sizeof files->policy,
             "default-src 'self'; connect-src 'self' %s; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'",
             config->door);
    if (!load_page(files, config->web, routes, error)) {
        api_files_close(files);
        return NULL;
    }
    load_charts(files, config->charts, routes);
    *count = files->count;
    return files;
}

void api_files_close(struct api_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        strbuf_fini(&files->file[i].bytes);
        free(files->file[i].path);
    }
    free(files);
}
