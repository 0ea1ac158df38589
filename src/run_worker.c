// SPDX-License-Identifier: Apache-2.0
#include "run_worker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pm_run_worker_end(struct pm_run_worker *w) {
    pm_encoder_scratch_free(w->scratch);
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        pm_attention_free(w->engine[l]);
    *w = (struct pm_run_worker){0};
}

/* Whether the attention is the fused one. */
static bool in_flare(const struct pm_run_job *j) {
    return j->settings.value[PM_RUN_PROJECTIONS] == 0;
}

pm_status pm_run_worker_begin(struct pm_run_worker *w, const struct pm_run_job *j,
                              const struct pm_run_matrices *matrices, const int *log2_z) {
    *w = (struct pm_run_worker){
        .job = j, .scratch = pm_encoder_scratch_new(&j->network), .matrices = matrices, .log2_z = log2_z};
    if (!w->scratch)
        return PM_ENOMEM;
    pm_status status = PM_OK;
    if (!in_flare(j))
        return status;
    for (unsigned l = 0; l < j->network.config.layers && status == PM_OK; l++) {
        struct pm_attention_cfg cfg = pm_run_attention_cfg(j, l);
        status = pm_attention_new(&cfg, &j->network.maps[l].w, j->network.config.tokens, pm_run_array_id(l),
                                  &w->engine[l]);
    }
    return status;
}

static uint32_t first_vector(const struct pm_run_worker *w) {
    return w->item * w->job->network.config.tokens;
}

struct ne_probe {
    uint64_t *ne;
    unsigned heads;
};

static void probe_ne(void *ctx, const struct pm_attention_stages *s) {
    const struct ne_probe *p = ctx;
    for (unsigned h = 0; s->ne && h < p->heads; h++)
        p->ne[pm_clamp((int64_t)s->ne[h] - PM_RUN_NE_FIRST, 0, PM_RUN_NE - 1)]++;
}

static pm_status attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                           const struct pm_encoder_tokens *in, int8_t *y, int32_t *e) {
    (void)map;
    struct pm_run_worker *w = ctx;
    struct ne_probe probe = {w->ne[layer], w->job->network.config.heads};
    pm_status status = pm_attention_run(w->engine[layer], in->x, in->ex, in->keep, in->n, first_vector(w), y,
                                        e, &w->cost[layer], w->count_ne ? probe_ne : NULL, &probe);
    /* Without 1/Z the layer's scale is off by its typical Z: a constant per layer stands in for it. */
    for (unsigned t = 0; w->log2_z && t < in->n; t++)
        e[t] -= w->log2_z[layer];
    return status;
}

static pm_status matrix(void *ctx, unsigned layer, enum pm_encoder_matrix m, size_t n, const float *x,
                        float *y) {
    struct pm_run_worker *w = ctx;
    return pm_run_matrix(w->matrices, layer, m, n, x, first_vector(w), y, &w->arrays, NULL, NULL);
}

static struct pm_encoder_engines engines(struct pm_run_worker *w, pm_encoder_attention *by) {
    struct pm_encoder_engines e = {.attention = in_flare(w->job) ? by : NULL, .project = matrix, .ctx = w};
    memcpy(e.projected, w->matrices->projected, sizeof e.projected);
    return e;
}

struct pm_encoder_engines pm_run_worker_engines(struct pm_run_worker *w) {
    return engines(w, attention);
}

struct mean_z {
    double sum;
    uint64_t rows;
    unsigned heads;
};

static void probe_z(void *ctx, const struct pm_attention_stages *s) {
    struct mean_z *m = ctx;
    for (unsigned h = 0; s->z && h < m->heads; h++)
        if (s->z[h] > 0) {
            m->sum += log2(s->z[h]);
            m->rows++;
        }
}

struct z_worker {
    struct pm_run_worker golden; /* the context of both engines */
    struct mean_z *mean;         /* [layers] */
};

static pm_status z_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                             const struct pm_encoder_tokens *in, int8_t *y, int32_t *e) {
    (void)map;
    struct z_worker *w = ctx;
    return pm_attention_run(w->golden.engine[layer], in->x, in->ex, in->keep, in->n, 0, y, e, NULL, probe_z,
                            &w->mean[layer]);
}

pm_status pm_run_typical_z(struct pm_run_job *j, const struct pm_run_matrices *matrices,
                           const struct pm_encoder_input *inputs, unsigned count, int *log2_z) {
    struct z_worker w;
    struct mean_z mean[PM_RUN_MAX_LAYERS] = {0};
    const unsigned layers = j->network.config.layers;
    for (unsigned l = 0; l < layers; l++)
        mean[l].heads = j->network.config.heads;
    double norm = j->settings.value[PM_RUN_NORM];
    j->settings.value[PM_RUN_NORM] = PM_NORM_RECIP;
    pm_status status = pm_run_worker_begin(&w.golden, j, matrices, NULL);
    j->settings.value[PM_RUN_NORM] = norm;
    w.mean = mean;
    float *out = malloc(pm_encoder_outputs(&j->network.config) * sizeof *out);
    if (status == PM_OK && !out)
        status = PM_ENOMEM;
    for (unsigned i = 0; i < count && status == PM_OK; i++) {
        const struct pm_encoder_engines e = engines(&w.golden, z_attention);
        status = pm_encoder_forward(&j->network, &inputs[i], &e, w.golden.scratch, out);
    }
    for (unsigned l = 0; l < layers; l++)
        log2_z[l] = mean[l].rows ? (int)lround(mean[l].sum / (double)mean[l].rows) : 0;
    free(out);
    pm_run_worker_end(&w.golden);
    return status == PM_OK ? PM_OK : pm_fail(&j->error, status, "norm", "%s", pm_strerror(status));
}
