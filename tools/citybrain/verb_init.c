/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain init: a small district's complete configuration, data only, to be changed. What every
 * district has alike is copied from the release; places, units, types and rules are an example's.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "citybrain/verb.h"
#include "daemon/share.h"

#define FILE_BYTES  ((size_t)4 << 20)
#define CODE_DIGITS 6 /* GB/T 2260 */

/* What stands in the example for the district's own. */
static const char example_code[] = "990001", example_name[] = "示范区";

static const char init_help[] =
    "usage: citybrain init DIR [--district CODE] [--name NAME] [--json]\n\n"
    "新建一个区的全套配置(全是数据,没有代码)。\n"
    "Makes DIR, a complete configuration of a small district: five 街乡 with two communities "
    "each,\n"
    "a desk, departments, a utility, the life of a request, a hotline feed in JSON, rules, two\n"
    "triggers, the views, and golden cases. It passes check and test as it stands; then its files\n"
    "are changed one by one. Nothing that is there is overwritten.\n\n"
    "  --district CODE  six digits of GB/T 2260 (default 990001): all codes of places begin with "
    "it\n"
    "  --name NAME      the district's name (default 示范区)\n"
    "  --json           the files that were made, as one object\n\n"
    "  citybrain init mine --district 440305 --name 南山区\n"
    "  citybrain check --config mine && citybrain test --config mine\n"
    "How to go on from there: docs/new-district.md, 中文 docs/new-district.zh-CN.md\n"
    "exit: 0 made, 64 usage, 69 DIR cannot be written, or the release's files are not there\n";

struct wish {
    const char *folder, *code, *name;
    char release[SHARE_PATH], example[SHARE_PATH]; /* where the files come from */
    bool json;
    struct strbuf text, made; /* of a file; names */
    size_t files;
};

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "citybrain init: %s %s: %s\n", what, path, strerror(errno));
    return VERB_UNAVAILABLE;
}

/* ---- one file ---- */

/* Each occurrence of `from` becomes `to`. */
static void add_changed(struct strbuf *out, struct span text, const char *from, const char *to)
{
    size_t len = strlen(from);
    while (text.len) {
        const char *found = memmem(text.at, text.len, from, len);
        size_t before = found ? (size_t)(found - text.at) : text.len;
        strbuf_add(out, span_from(text.at, before));
        if (found)
            strbuf_add(out, span_of(to));
        before += found ? len : 0;
        text = span_from(text.at + before, text.len - before);
    }
}

static bool make_folders(const char *folder, const char *name)
{
    char path[SHARE_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return true;
}

/* The example's names become the district's, the release's folder its own. */
static void change(struct wish *wish, struct span bytes)
{
    char folder[SHARE_PATH + 32], tokens[SHARE_PATH + 32];
    snprintf(folder, sizeof folder, "config_dir: %s ", wish->folder);
    snprintf(tokens, sizeof tokens, "tokens: %s/", wish->folder);
    const char *const changes[][2] = {{example_code, wish->code},
                                      {example_name, wish->name},
                                      {"config_dir: config ", folder},
                                      {"tokens: config/", tokens}};
    struct strbuf before;
    strbuf_init(&before, bytes.len + 64, 2 * FILE_BYTES);
    strbuf_reset(&wish->text);
    strbuf_add(&wish->text, bytes);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        strbuf_reset(&before);
        strbuf_add(&before, strbuf_span(&wish->text));
        strbuf_reset(&wish->text);
        add_changed(&wish->text, strbuf_span(&before), changes[i][0], changes[i][1]);
    }
    strbuf_fini(&before);
}

static int read_file(struct wish *wish, const char *path)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return fail("cannot read", path);
    char *bytes = xmalloc(FILE_BYTES);
    size_t len = fread(bytes, 1, FILE_BYTES, stream);
    fclose(stream);
    change(wish, span_from(bytes, len));
    free(bytes);
    return VERB_OK;
}

/* Later ones take the place of earlier ones: the example's of the release's. */
static int copy_file(struct wish *wish, const char *from, const char *name)
{
    char source[SHARE_PATH], target[SHARE_PATH];
    snprintf(source, sizeof source, "%s/%s", from, name);
    snprintf(target, sizeof target, "%s/%s", wish->folder, name);
    int status = read_file(wish, source);
    if (status != VERB_OK)
        return status;
    FILE *stream = make_folders(wish->folder, name) ? fopen(target, "wbe") : NULL;
    if (!stream)
        return fail("cannot write", target);
    bool good = fwrite(wish->text.at, 1, wish->text.len, stream) == wish->text.len;
    if (fclose(stream) != 0 || !good)
        return fail("cannot write", target);
    strbuf_add(&wish->made, wish->files++ ? SPAN(",") : SPAN(""));
    strbuf_add_json(&wish->made, span_of(name));
    if (!wish->json)
        printf("%s\n", target);
    return VERB_OK;
}

/* ---- all of them ---- */

static int is_plain(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int copy_tree(struct wish *wish, const char *from, const char *below)
{
    char path[SHARE_PATH];
    struct dirent **entries = NULL;
    int status = VERB_OK;
    snprintf(path, sizeof path, "%s/%s", from, below);
    int count = scandir(path, &entries, is_plain, alphasort);
    if (count < 0)
        return fail("cannot read", path);
    for (int i = 0; i < count; i++) {
        char name[SHARE_PATH], whole[SHARE_PATH];
        struct stat about;
        snprintf(name, sizeof name, "%.2000s%s%s", below, below[0] ? "/" : "", entries[i]->d_name);
        snprintf(whole, sizeof whole, "%.1500s/%.2500s", from, name);
        if (status == VERB_OK && stat(whole, &about) == 0)
            status =
                S_ISDIR(about.st_mode) ? copy_tree(wish, from, name) : copy_file(wish, from, name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* `release.list` of the example: a line a file that is the same everywhere; # begins a comment. */
static int copy_release(struct wish *wish)
{
    char path[SHARE_PATH + 16], line[512];
    int status = VERB_OK;
    snprintf(path, sizeof path, "%s/release.list", wish->example);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return fail("cannot read", path);
    while (status == VERB_OK && fgets(line, sizeof line, stream)) {
        struct span rest = span_of(line), name = span_trim(span_cut(&rest, '#'));
        char text[512];
        if (name.len)
            status = copy_file(wish, wish->release, span_to_cstr(name, text, sizeof text));
    }
    fclose(stream);
    return status;
}

static bool is_empty(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_plain, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count <= 0;
}

static int make(struct wish *wish)
{
    char district[SHARE_PATH + 16];
    if (!share_find("config", "config", wish->release) ||
        !share_find("init", "tools/init", wish->example)) {
        fprintf(stderr,
                "citybrain init: the release's files are not there (looked for config and init)\n"
                "  fix: run it from the checkout, or name the folder: CITYBRAIN_SHARE=…\n");
        return VERB_UNAVAILABLE;
    }
    if (!is_empty(wish->folder))
        return verb_usage("init", "%s is not empty; nothing was changed", wish->folder);
    if (mkdir(wish->folder, 0777) != 0 && errno != EEXIST)
        return fail("cannot make", wish->folder);
    snprintf(district, sizeof district, "%s/district", wish->example);
    int status = copy_release(wish);
    status = status == VERB_OK ? copy_tree(wish, district, "") : status;
    if (status == VERB_OK && wish->json)
        printf("{\"folder\":\"%s\",\"files\":[%s]}\n", wish->folder, wish->made.at);
    if (status == VERB_OK)
        fprintf(stderr,
                "init: %zu files; next: citybrain check --config %s && citybrain test --config "
                "%s\n",
                wish->files, wish->folder, wish->folder);
    return status;
}

/* ---- the verb ---- */

static const struct option options[] = {
    {"district", 1, 0, 'd'}, {"name", 1, 0, 'n'}, {"json", 0, 0, 'j'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    static struct wish wish;
    wish = (struct wish){.code = example_code, .name = example_name};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'd': wish.code = optarg; break;
        case 'n': wish.name = optarg; break;
        case 'j': wish.json = true; break;
        default: return verb_bad_option("init", argv);
        }
    }
    if (optind + 1 != argc)
        return verb_usage("init", "one DIR is needed");
    if (strlen(wish.code) != CODE_DIGITS || strspn(wish.code, "0123456789") != CODE_DIGITS)
        return verb_usage("init", "--district \"%s\" is no code of six digits", wish.code);
    if (!wish.name[0] || strpbrk(wish.name, ",;:\"'#\n{}[]"))
        return verb_usage("init", "--name \"%s\" cannot be written into CSV and YAML", wish.name);
    wish.folder = argv[optind];
    strbuf_init(&wish.text, 65536, 2 * FILE_BYTES);
    strbuf_init(&wish.made, 4096, FILE_BYTES);
    int status = make(&wish);
    strbuf_fini(&wish.text);
    strbuf_fini(&wish.made);
    return status;
}

const struct verb verb_init = {
    "init", "a small district's complete configuration, to be changed", init_help, run, options,
    NULL};
