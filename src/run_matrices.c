// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: matrices in HyFlexPIM arrays, or in integers on the host. */
#include "run_job.h"

#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[PM_ENCODER_MATRICES] = {"q", "k", "v", "o", "up", "down"};

const char *pm_run_matrix_name(enum pm_encoder_matrix m) {
    return names[m];
}

static pm_status read_layers(struct pm_run_job *j, const struct pm_json *d, const cJSON *root) {
    const struct pm_encoder_config *c = &j->network.config;
    const cJSON *layers = cJSON_GetObjectItemCaseSensitive(root, "layers");
    if (!cJSON_IsArray(layers) || (unsigned)cJSON_GetArraySize(layers) != c->layers)
        return pm_json_fail(d, PM_ESHAPE, "\"layers\" is missing or not an array of %u", c->layers);
    unsigned l = 0;
    for (const cJSON *layer = layers->child; layer != NULL; layer = layer->next, l++)
        for (int m = 0; m < PM_ENCODER_MATRICES; m++) {
            const struct pm_encoder_linear *w = &j->network.layers[l].linear[m];
            const pm_status status =
                pm_json_reals(d, layer, names[m], pm_rank_count(w->in, w->out), -1e30, 1e30,
                              j->gradient + ((size_t)l * PM_ENCODER_MATRICES + (size_t)m) * c->width);
            if (status != PM_OK)
                return status;
        }
    return PM_OK;
}

pm_status pm_run_load_gradients(struct pm_run_job *j) {
    char path[PATH_MAX + 16];
    struct pm_json d = {path, &j->error, NULL};
    snprintf(path, sizeof path, "%s/ranks.json", j->folder);
    pm_status status = pm_json_load(&d);
    if (status != PM_OK)
        return status;
    j->gradient = calloc((size_t)j->network.config.layers * PM_ENCODER_MATRICES * j->network.config.width,
                         sizeof *j->gradient);
    status =
        j->gradient ? read_layers(j, &d, d.root) : pm_json_fail(&d, PM_ENOMEM, "%s", pm_strerror(PM_ENOMEM));
    cJSON_Delete(d.root);
    return status;
}

/* Converter bits, for 1-bit and 2-bit cells. */
static void set_adc(struct pm_hyflex_linear_cfg *c, enum pm_run_adc choice) {
    static const unsigned bits[PM_RUN_ADCS][2] = {[PM_RUN_ADC_FULL] = {6, 7},
                                                  [PM_RUN_ADC_6] = {6, 6},
                                                  [PM_RUN_ADC_7] = {7, 7},
                                                  [PM_RUN_ADC_IDEAL] = {0, 0}};
    memcpy(c->adc, bits[choice], sizeof c->adc);
}

static struct pm_hyflex_linear_cfg configure(const struct pm_run_settings *s) {
    const double *v = s->value;
    struct pm_hyflex_linear_cfg c = {.array = pm_hyflex_default(),
                                     .slc_percent = (unsigned)v[PM_RUN_SLC_PERCENT]};
    set_adc(&c, (enum pm_run_adc)v[PM_RUN_ADC]);
    c.array.flip = v[PM_RUN_FLIP] != 0;
    c.array.sars = 1u << (unsigned)v[PM_RUN_SARS];
    c.array.rram.seed = (uint64_t)v[PM_RUN_SEED];
    c.array.rram.mlc_sigma = v[PM_RUN_MLC_SIGMA];
    c.array.rram.slc_sigma = v[PM_RUN_SLC_SIGMA];
    c.array.rram.read_noise = v[PM_RUN_RRAM_READ_NOISE];
    c.array.rram.wire = v[PM_RUN_RRAM_WIRE];
    return c;
}

/* Programs one matrix; *array_id is the number of its first array. */
static pm_status program(struct pm_run_job *j, unsigned layer, enum pm_encoder_matrix m,
                         enum pm_hyflex_layout layout, uint32_t *array_id, struct pm_hyflex_linear **to) {
    const struct pm_encoder_linear *w = &j->network.layers[layer].linear[m];
    const uint32_t number = layer * PM_ENCODER_MATRICES + m;
    struct pm_hyflex_linear_cfg cfg = configure(&j->settings);
    cfg.layout = layout;
    unsigned *order = NULL;
    if (cfg.layout == PM_HYFLEX_RANKS) {
        const unsigned k = pm_rank_count(w->in, w->out);
        if ((order = malloc(k * sizeof *order)) == NULL)
            return PM_ENOMEM;
        const enum pm_rank_order by = (enum pm_rank_order)j->settings.value[PM_RUN_RANK_ORDER];
        const double *gradient =
            by == PM_RANK_GRADIENT ? j->gradient + (size_t)number * j->network.config.width : NULL;
        pm_rank_sort(by, gradient, cfg.array.rram.seed, number, k, order);
        cfg.order = order;
    }
    const pm_status status = pm_hyflex_linear_new(&cfg, w, array_id, to);
    free(order);
    return status;
}

pm_status pm_run_matrices_new(struct pm_run_job *j, struct pm_run_matrices *s) {
    uint32_t array_id = 0;
    *s = (struct pm_run_matrices){0};
    for (unsigned l = 0; l < j->network.config.layers; l++)
        for (unsigned m = 0; m < PM_ENCODER_MATRICES; m++) {
            static const enum pm_hyflex_layout layout[] = {
                [PM_RUN_SLC] = PM_HYFLEX_SLC, [PM_RUN_MLC] = PM_HYFLEX_MLC, [PM_RUN_RANKS] = PM_HYFLEX_RANKS};
            const enum pm_run_where where =
                (enum pm_run_where)j->settings.value[m < PM_ENCODER_UP ? PM_RUN_PROJECTIONS : PM_RUN_FFN];
            pm_status status = PM_OK;
            s->projected[m] = where != PM_RUN_HOME;
            if (where == PM_RUN_INT8)
                status =
                    (s->int8[l][m] = pm_int8_linear_new(&j->network.layers[l].linear[m])) ? PM_OK : PM_ENOMEM;
            else if (where != PM_RUN_HOME)
                status = program(j, l, (enum pm_encoder_matrix)m, layout[where], &array_id, &s->of[l][m]);
            if (status != PM_OK) {
                pm_run_matrices_free(s);
                return pm_fail(&j->error, status, names[m], "layer %u: %s", l, pm_strerror(status));
            }
        }
    return PM_OK;
}

pm_status pm_run_matrix(const struct pm_run_matrices *s, unsigned layer, enum pm_encoder_matrix m, size_t n,
                        const float *x, uint32_t first_vector, float *y, struct pm_hyflex_linear_cost *cost,
                        pm_hyflex_watch *watch, void *ctx) {
    if (s->int8[layer][m])
        return pm_int8_linear_run(s->int8[layer][m], n, x, y);
    return pm_hyflex_linear_run(s->of[layer][m], n, x, first_vector, y, cost, watch, ctx);
}

void pm_run_matrices_free(struct pm_run_matrices *s) {
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        for (unsigned m = 0; m < PM_ENCODER_MATRICES; m++) {
            pm_hyflex_linear_free(s->of[l][m]);
            pm_int8_linear_free(s->int8[l][m]);
        }
    *s = (struct pm_run_matrices){0};
}
