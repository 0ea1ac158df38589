// SPDX-License-Identifier: Apache-2.0
/* Configuration files of `perimeter run`: every setting that is taken lies in its range and reads back. */
#include "run_settings.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_run_settings s, again;
    struct pm_error e = {{0}};
    const char *path = fuzz_file(data, n);
    pm_run_defaults(&s);
    pm_status status = pm_run_load(&s, path, &e);
    fuzz_named(status, e.text, path);
    for (unsigned k = 0; k < PM_RUN_KEYS; k++)
        FUZZ_NEED(pm_run_keys[k].choices ||
                  (s.value[k] >= pm_run_keys[k].lo && s.value[k] <= pm_run_keys[k].hi));
    if (status != PM_OK)
        return 0;
    char text[2048];
    pm_run_text(&s, PM_RUN_OF_IMAGES, text, sizeof text);
    pm_run_defaults(&again);
    FUZZ_NEED(pm_run_override(&again, text, &e) == PM_OK);
    status = pm_run_check(&s, PM_RUN_OF_IMAGES, &e);
    FUZZ_NEED(status == PM_OK || (*e.text && !strchr(e.text, '\n')));
    return 0;
}
