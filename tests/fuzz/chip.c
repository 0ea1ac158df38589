// SPDX-License-Identifier: Apache-2.0
/* Files of `perimeter chip`: the first byte chooses a network's description, components with settings, or a
 * run's summary. What is taken gives a bill whose sums hold. */
#include "chip_query.h"
#include "fuzz.h"

static void components(const struct pm_json *j) {
    struct pm_chip_table t = {.n = 0};
    const pm_status status = pm_chip_table_read(&t, j);
    fuzz_named(status, j->e->text, j->path);
    if (status != PM_OK)
        return;
    for (unsigned i = 0; i < t.n; i++) {
        FUZZ_NEED(pm_chip_area(&t, t.component[i].name).kind < PM_CHIP_KINDS);
        FUZZ_NEED(pm_chip_power(&t, t.component[i].name).value >= 0);
    }
}

static void summary(const struct pm_json *j) {
    struct pm_chip_measured m;
    const pm_status status = pm_chip_measured_read(&m, j);
    fuzz_named(status, j->e->text, j->path);
    if (status == PM_OK) {
        FUZZ_NEED(m.n > 0);
        pm_chip_measured_free(&m);
    }
}

static void network(const char *path, enum pm_chip_system system) {
    char place[64];
    struct pm_error e = {""};
    struct pm_chip_query q = {.network = path, .place = {place}, .places = 1};
    struct pm_chip_bill bill;
    snprintf(place, sizeof place, "*=%s", pm_chip_system_name[system]);
    pm_status status = pm_chip_query_load(&q, &e);
    if (status == PM_OK)
        status = pm_chip_query_prepare(&q, &e);
    /* Above this a run takes seconds, as it should. */
    if (status == PM_OK)
        status = pm_chip_evaluate(&q.job, &bill, &e);
    FUZZ_NEED(status == PM_OK || (*e.text && !strchr(e.text, '\n')));
    if (status == PM_OK) {
        const double ns = pm_chip_figure(&bill, "interval_ns").value;
        FUZZ_NEED(ns >= 0 && isfinite(ns));
        char *text = pm_chip_json(&q, &bill);
        FUZZ_NEED(text);
        free(text);
        pm_chip_bill_free(&bill);
    }
    pm_chip_query_free(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0)
        return 0;
    struct pm_error e = {""};
    const char *path = fuzz_file(data + 1, n - 1);
    struct pm_json j = {path, &e, NULL};
    const unsigned what = data[0] % 8;
    if (what > PM_CHIP_HOST && what < PM_CHIP_SYSTEMS) {
        network(path, (enum pm_chip_system)what);
        return 0;
    }
    const pm_status status = pm_json_load(&j);
    fuzz_named(status, e.text, path);
    if (status == PM_OK)
        what == 0 ? components(&j) : summary(&j);
    cJSON_Delete(j.root);
    return 0;
}
