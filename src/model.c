// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include "rtl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void pm_find_model(const char *name, char folder[PATH_MAX]) {
    snprintf(folder, PATH_MAX, "%s", name);
    if (strchr(name, '/') || access(name, F_OK) == 0)
        return;
    snprintf(folder, PATH_MAX, "%s/models/%s", pm_home(), name);
    if (access(folder, F_OK) == 0)
        return;
    snprintf(folder, PATH_MAX, "%s/%s", pm_build(), name);
    if (access(folder, F_OK) != 0)
        snprintf(folder, PATH_MAX, "%s", name);
}
