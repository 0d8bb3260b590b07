/* SPDX-License-Identifier: Apache-2.0 */
/* Settings are a table inside of each service, so `<daemon> --check` is run. It reads the bundle
 * too: ask only where that is known to be right, or it says the same again. */
#include "citybrain/check_daemons.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/span.h"

#define SAID_BYTES 4096
#define PATH_BYTES (PATH_MAX + 64)

/* citybrain-<name> in this program's own folder. */
static bool find(const char *name, char path[PATH_BYTES])
{
    char own[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    if (len <= 0)
        return false;
    own[len] = '\0';
    char *slash = strrchr(own, '/');
    snprintf(path, PATH_BYTES, "%.*s/citybrain-%s", slash ? (int)(slash - own) : 0, own, name);
    return access(path, X_OK) == 0;
}

static void become(const char *path, const char *name, const char *folder, int err)
{
    char config[PATH_MAX], bundle[PATH_MAX];
    snprintf(config, sizeof config, "%s/%s.yaml", folder, name);
    snprintf(bundle, sizeof bundle, "bundle.config_dir=%s", folder);
    dup2(err, STDERR_FILENO);
    execl(path, path, "--check", "--config", config, "--set", bundle, (char *)NULL);
    _exit(126);
}

/* True: it would start. */
static bool ask(const char *path, const char *name, const char *folder, FILE *out)
{
    char said[SAID_BYTES];
    int ends[2], status = 0;
    size_t len = 0;
    if (pipe(ends) != 0)
        return true;
    pid_t pid = fork();
    if (pid == 0)
        become(path, name, folder, ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + len, sizeof said - len)) > 0;)
        len += (size_t)got;
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && !WEXITSTATUS(status)))
        return pid >= 0;
    struct span text = span_trim(span_from(said, len));
    if (text.len > 0)
        fprintf(out, "%.*s\n", SPAN_ARG(text));
    else
        fprintf(out, "%s/%s.yaml: citybrain-%s refuses it\n", folder, name, name);
    return false;
}

size_t check_daemons(const char *folder, FILE *out)
{
    static const char *const names[] = {"ingest", "router", "aggregator"};
    size_t refused = 0;
    fflush(out);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char path[PATH_BYTES];
        if (find(names[i], path))
            refused += !ask(path, names[i], folder, out);
    }
    return refused;
}
