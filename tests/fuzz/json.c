// SPDX-License-Identifier: Apache-2.0
/* Configuration files and plans of `perimeter run`: every setting that is taken lies in its range, and what
 * is printed reads back. */
#include "io/json.h"
#include "fuzz.h"
#include "run.h"

#include <stdlib.h>

static void check_values(const struct pm_settings *s) {
    for (size_t k = 0; k < s->count; k++) {
        const struct pm_setting *d = &s->list->setting[k];
        const struct pm_value *v = &s->value[k];
        FUZZ_NEED(d->kind == PM_SET_REAL ? v->at[0].r >= d->lo && v->at[0].r <= d->hi
                                         : d->choices || (v->at[0].i >= d->lo && v->at[0].i <= d->hi));
    }
}

static void read_back(struct pm_run_job *j) {
    struct pm_run_job again = {0};
    struct pm_error e;
    char *text;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    pm_settings_print(j->settings, f);
    fclose(f);
    FUZZ_NEED(pm_run_begin(&again) == PM_OK);
    FUZZ_NEED(pm_settings_override((struct pm_settings *[]){again.settings, NULL}, text, &e) == PM_OK);
    pm_run_end(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pm_run_job j = {0};
    struct pm_settings *all[PM_MAX_SYSTEMS + 2];
    const char *path = fuzz_file(data, n);
    struct pm_json d = {path, &j.error, NULL};
    FUZZ_NEED(pm_run_begin(&j) == PM_OK);
    all[0] = j.settings;
    for (size_t i = 0; i == 0 || all[i]; i++)
        all[i + 1] = j.plan.all[i];
    pm_status status = pm_json_load(&d);
    if (status == PM_OK) {
        status = pm_settings_load(all, d.root, path, &j.error);
        fuzz_named(status, j.error.text, path);
        for (size_t i = 0; all[i]; i++)
            check_values(all[i]);
        if (status == PM_OK)
            read_back(&j);
        fuzz_named(pm_plan_read(&j.plan, d.root, path, &j.error), j.error.text, path);
        cJSON_Delete(d.root);
    } else {
        fuzz_named(status, j.error.text, path);
    }
    pm_run_end(&j);
    return 0;
}
