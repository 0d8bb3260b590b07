/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML files of a folder. */
#pragma once

#include <stddef.h>

struct yaml_folder {
    char **paths; /* owned; by name, hidden ones left out */
    size_t count; /* 0 too where there is no such folder */
};

void yaml_folder_read(struct yaml_folder *files, const char *folder);
void yaml_folder_fini(struct yaml_folder *files);
