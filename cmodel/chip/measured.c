// SPDX-License-Identifier: Apache-2.0
/* What a run counted, from its summary. */
#include "chip/chip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Member `key` a vector or item; NAN where it is not there. */
static pm_status count(const struct pm_json *j, const cJSON *of, const char *key, double by, double *to) {
    *to = NAN;
    if (!cJSON_GetObjectItemCaseSensitive(of, key))
        return PM_OK;
    const pm_status status = pm_json_real(j, of, key, 0, 0x1p63, to);
    *to /= by;
    return status;
}

static pm_status read_part(const struct pm_json *j, const cJSON *part, const char *layer, double items,
                           struct pm_chip_counted *c) {
    snprintf(c->name, sizeof c->name, "%s", layer);
    snprintf(c->part, sizeof c->part, "%s", part->string);
    pm_status status = count(j, part, "vectors", items, &c->vectors);
    if (status == PM_OK)
        status = count(j, part, "accesses", items, &c->accesses);
    if (status == PM_OK)
        status = count(j, part, "array_reads", items, &c->reads);
    if (status == PM_OK && isnan(c->reads))
        status = count(j, part, "row_reads", items, &c->reads);
    if (status == PM_OK)
        status = count(j, part, "conversions", items, &c->conversions);
    if (status == PM_OK)
        status = count(j, part, "clocks", items, &c->clocks);
    return status == PM_OK ? count(j, part, "toggles", items, &c->toggles) : status;
}

static unsigned parts_of(const cJSON *counts) {
    unsigned n = 0;
    const cJSON *layer, *part;
    cJSON_ArrayForEach(layer, counts) cJSON_ArrayForEach(part, layer) n += cJSON_IsObject(part) ? 1 : 0;
    return n;
}

/* Items: of attention the vectors of its whole, tokens; of others images. */
static double items_of(const cJSON *layer, double images) {
    const cJSON *k = cJSON_GetObjectItemCaseSensitive(layer, "k"),
                *n = cJSON_GetObjectItemCaseSensitive(k, "vectors");
    return cJSON_IsNumber(n) && n->valuedouble > 0 ? n->valuedouble : images;
}

pm_status pm_chip_measured_read(struct pm_chip_measured *m, const struct pm_json *json) {
    const cJSON *counts = cJSON_GetObjectItemCaseSensitive(json->root, "counts"), *layer, *part;
    double images = 0;
    memset(m, 0, sizeof *m);
    if (!cJSON_IsObject(counts))
        return pm_json_fail(json, PM_EFORMAT, "\"counts\" is missing: no summary of a run");
    pm_status status = pm_json_real(json, json->root, "images_golden", 1, 0x1p53, &images);
    if (status == PM_OK)
        status = count(json, json->root, "cycles_per_token", 1, &m->cycles_per_token);
    if (status == PM_OK)
        status = count(json, json->root, "boost", 1, &m->boost);
    m->of = calloc(parts_of(counts) + 1, sizeof *m->of);
    if (status == PM_OK && !m->of)
        status = pm_json_fail(json, PM_ENOMEM, "out of memory");
    cJSON_ArrayForEach(layer, counts)
        cJSON_ArrayForEach(part, layer) if (status == PM_OK && cJSON_IsObject(part)) status =
            read_part(json, part, layer->string, items_of(layer, images), &m->of[m->n++]);
    if (status == PM_OK && m->n == 0)
        status = pm_json_fail(json, PM_EFORMAT, "\"counts\" is empty: no layer was in a system");
    if (status != PM_OK)
        pm_chip_measured_free(m);
    return status;
}

void pm_chip_measured_free(struct pm_chip_measured *m) {
    free(m->of);
    memset(m, 0, sizeof *m);
}

const struct pm_chip_counted *pm_chip_counted(const struct pm_chip_measured *m, const char *name,
                                              const char *part) {
    for (unsigned i = 0; m && i < m->n; i++)
        if (strcmp(m->of[i].name, name) == 0 && strcmp(m->of[i].part, part) == 0)
            return &m->of[i];
    return NULL;
}
