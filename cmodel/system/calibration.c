// SPDX-License-Identifier: Apache-2.0
#include "system/calibration.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/choice.h"
#include "io/json.h"

static pm_status read_choice(const struct pm_json *d, const cJSON *object, const char *key,
                             const char *choices, bool *second) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    const int place =
        cJSON_IsString(item) ? pm_choice(choices, item->valuestring, strlen(item->valuestring)) : -1;
    *second = place == 1;
    return place >= 0 ? PM_OK
                      : pm_json_fail(d, PM_EFORMAT, "matrices: \"%s\" is not one of %s", key, choices);
}

static pm_status check_ranges(const struct pm_json *d, const cJSON *in) {
    const cJSON *layer;
    if (!cJSON_IsObject(in))
        return pm_json_fail(d, PM_EFORMAT, "matrices: \"inputs\" is missing or not an object");
    cJSON_ArrayForEach(layer, in) {
        double range[2];
        const pm_status status = pm_json_reals(d, in, layer->string, 2, -1e30, 1e30, range);
        if (status != PM_OK)
            return status;
        if (range[0] > 0 || range[1] < 0 || range[1] - range[0] < 1e-30)
            return pm_json_fail(d, PM_ERANGE, "matrices: %.40s: [%g, %g] is no range around 0", layer->string,
                                range[0], range[1]);
    }
    return PM_OK;
}

static pm_status check_scales(const struct pm_json *d, const cJSON *scales) {
    const cJSON *layer;
    if (scales && !cJSON_IsObject(scales))
        return pm_json_fail(d, PM_EFORMAT, "matrices: \"scales\" is not an object");
    cJSON_ArrayForEach(layer, scales) {
        double scale;
        const pm_status status = pm_json_real(d, scales, layer->string, 1e-30, 1e30, &scale);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

pm_status pm_calibration_load(const char *folder, struct pm_calibration *c, struct pm_error *e) {
    char path[PATH_MAX];
    struct pm_json d = {path, e, NULL};
    *c = (struct pm_calibration){0};
    snprintf(path, sizeof path, "%s/calibration.json", folder);
    if (access(path, F_OK) != 0)
        return PM_OK;
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    c->root = d.root;
    const cJSON *matrices = cJSON_GetObjectItemCaseSensitive(d.root, "matrices");
    if (!matrices)
        return PM_OK;
    if (!cJSON_IsObject(matrices))
        status = pm_json_fail(&d, PM_EFORMAT, "\"matrices\" is not an object");
    c->in = cJSON_GetObjectItemCaseSensitive(matrices, "inputs");
    c->scales = cJSON_GetObjectItemCaseSensitive(matrices, "scales");
    if (c->in &&
        (status = read_choice(&d, matrices, "activations", "symmetric|affine", &c->affine)) == PM_OK &&
        (status = read_choice(&d, matrices, "weights", "layer|channel", &c->channels)) == PM_OK)
        status = check_ranges(&d, c->in);
    if (status == PM_OK)
        status = check_scales(&d, c->scales);
    if (status != PM_OK)
        pm_calibration_free(c);
    return status;
}

void pm_calibration_free(struct pm_calibration *c) {
    cJSON_Delete(c->root);
    *c = (struct pm_calibration){0};
}

bool pm_calibration_range(const struct pm_calibration *c, const char *layer, struct pm_range *range) {
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(c->in, layer);
    if (pair)
        *range = (struct pm_range){pair->child->valuedouble, pair->child->next->valuedouble};
    return pair != NULL;
}

double pm_calibration_scale(const struct pm_calibration *c, const char *layer) {
    const cJSON *scale = cJSON_GetObjectItemCaseSensitive(c->scales, layer);
    return scale ? scale->valuedouble : 0;
}
