/* SPDX-License-Identifier: Apache-2.0 */
/* A target without a fuzzer: every input that is kept, once; one line each, as cmocka has them. */
#include <dirent.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"

#define MOST (1 << 20)

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_file(const char *path, const char *name)
{
    uint8_t *bytes = xmalloc(MOST);
    FILE *in = fopen(path, "rb");
    HOLDS(in != NULL);
    size_t len = fread(bytes, 1, MOST, in);
    fclose(in);
    uint8_t *exact = xmalloc(len + 1); /* a read behind its end is seen by the sanitizer */
    memcpy(exact, bytes, len);
    free(bytes);
    printf("[ RUN      ] %s\n", name);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, len);
    printf("[       OK ] %s\n", name);
    free(exact);
}

static void replay_folder(const char *kind, const char *target)
{
    char folder[256], path[512];
    struct dirent **names = NULL;
    snprintf(folder, sizeof folder, "tests/fuzz/%s/%s", kind, target);
    int count = scandir(folder, &names, is_input, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        replay_file(path, names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *target = slash ? slash + 1 : argv[0];
    replay_folder("corpus", target);
    replay_folder("found", target);
    return 0;
}
