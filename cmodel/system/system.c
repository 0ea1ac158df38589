// SPDX-License-Identifier: Apache-2.0
#include "system/system.h"

#include <string.h>

/* Lines SYSTEM(name), from the files of this folder. */
#define SYSTEM(name) extern const struct pm_system pm_system_##name;
#include "systems.inc"
#undef SYSTEM

#define SYSTEM(name) &pm_system_##name,
const struct pm_system *const pm_systems[] = {
#include "systems.inc"
    NULL};

const struct pm_system *pm_system_find(const char *name, size_t length) {
    for (size_t i = 0; pm_systems[i]; i++)
        if (strlen(pm_systems[i]->name) == length && memcmp(pm_systems[i]->name, name, length) == 0)
            return pm_systems[i];
    return NULL;
}

pm_status pm_site_calibration(struct pm_site *site, const struct pm_calibration **c, struct pm_error *e) {
    const pm_status status =
        site->calibrated ? PM_OK : pm_calibration_load(site->folder, &site->calibration, e);
    site->calibrated = status == PM_OK;
    *c = &site->calibration;
    return status;
}

bool pm_system_takes(const struct pm_system *s, const struct pm_settings *settings, enum pm_node_kind kind) {
    return (s->takes | (s->more && pm_settings_meet(settings, s->more) ? s->takes_more : 0)) & PM_TAKES(kind);
}

unsigned pm_system_parts(const struct pm_system *s) {
    unsigned n = 0;
    while (s->parts && s->parts[n])
        n++;
    return n;
}
