/* `perimeter run` in golden C. */
#include "run_job.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Images that are in memory at a time. */
#define CHUNK 128

/* One thread's engines. */
struct worker {
    const struct pm_run_job *job;
    struct pm_encoder_scratch *scratch;
    struct pm_attention *engine[PM_RUN_MAX_LAYERS];
    struct pm_attention_cost cost[PM_RUN_MAX_LAYERS];
    const struct pm_run_matrices *matrices;
    struct pm_hyflex_linear_cost arrays;
    const int *log2_z; /* [layers], for norm=none */
    uint32_t image;
    pm_status status;
};

static void worker_end(struct worker *w) {
    pm_encoder_scratch_free(w->scratch);
    for (unsigned l = 0; l < PM_RUN_MAX_LAYERS; l++)
        pm_attention_free(w->engine[l]);
    *w = (struct worker){0};
}

/* Whether the attention is the fused one. */
static bool in_flare(const struct pm_run_job *j) {
    return j->settings.value[PM_RUN_PROJECTIONS] == 0;
}

static pm_status worker_begin(struct worker *w, const struct pm_run_job *j,
                              const struct pm_run_matrices *matrices, const int *log2_z) {
    *w = (struct worker){
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

static pm_status golden_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map,
                                  const int8_t *x, const int32_t *ex, int8_t *y, int32_t *e) {
    (void)map;
    struct worker *w = ctx;
    unsigned n = w->job->network.config.tokens;
    pm_status status =
        pm_attention_run(w->engine[layer], x, ex, NULL, n, w->image * n, y, e, &w->cost[layer], NULL, NULL);
    /* Without 1/Z the layer's scale is off by its typical Z: a constant per layer stands in for it. */
    for (unsigned t = 0; w->log2_z && t < n; t++)
        e[t] -= w->log2_z[layer];
    return status;
}

static pm_status golden_matrix(void *ctx, unsigned layer, enum pm_encoder_matrix m, size_t n, const float *x,
                               float *y) {
    struct worker *w = ctx;
    return pm_hyflex_linear_run(w->matrices->of[layer][m], n, x, w->image * w->job->network.config.tokens, y,
                                &w->arrays, NULL, NULL);
}

static struct pm_encoder_engines engines(struct worker *w, pm_encoder_attention *attention) {
    struct pm_encoder_engines e = {
        .attention = in_flare(w->job) ? attention : NULL, .project = golden_matrix, .ctx = w};
    memcpy(e.projected, w->matrices->projected, sizeof e.projected);
    return e;
}

static unsigned largest(const float *v, unsigned n) {
    unsigned best = 0;
    for (unsigned i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}

/* One image, in float where `as_float`, and through the engines. */
static pm_status classify(struct worker *w, const uint8_t *image, bool as_float, unsigned *by_float,
                          unsigned *by_integer) {
    const struct pm_encoder *network = &w->job->network;
    float *logits = malloc(network->config.classes * sizeof *logits);
    pm_status status = logits ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && as_float) {
        status = pm_encoder_forward(network, image, NULL, w->scratch, logits);
        *by_float = largest(logits, network->config.classes);
    }
    const struct pm_encoder_engines e = engines(w, golden_attention);
    if (status == PM_OK)
        status = pm_encoder_forward(network, image, &e, w->scratch, logits);
    if (status == PM_OK)
        *by_integer = largest(logits, network->config.classes);
    free(logits);
    return status;
}

/* The golden engine over `images` images (0: all). */
static pm_status run_golden(struct pm_run_job *j, const char *what, unsigned images, bool as_float,
                            const struct pm_run_matrices *matrices, const int *log2_z,
                            struct pm_run_golden *g) {
    struct pm_run_data d;
    pm_status status = pm_run_data_open(j, &d);
    unsigned threads = j->settings.value[PM_RUN_THREADS] > 0 ? (unsigned)j->settings.value[PM_RUN_THREADS]
                                                             : (unsigned)omp_get_num_procs();
    unsigned total = status == PM_OK ? d.images.dim[0] : 0, layers = j->network.config.layers;
    if (images > total && status == PM_OK)
        status = pm_fail(&j->error, PM_EINVAL, "images", "%u asked for, %s has %u", images, j->data, total);
    if (images > 0)
        total = images;
    uint8_t *pixels = malloc(CHUNK * (status == PM_OK ? d.images.item : 1)), *labels = malloc(CHUNK);
    struct worker *workers = calloc(threads, sizeof *workers);
    *g = (struct pm_run_golden){.images = total};
    if (!pixels || !labels || !workers)
        status = pm_fail(&j->error, PM_ENOMEM, what, "out of memory");
    for (unsigned t = 0; t < threads && status == PM_OK; t++)
        if ((status = worker_begin(&workers[t], j, matrices, log2_z)) != PM_OK)
            pm_fail(&j->error, status, what, "%s", pm_strerror(status));
    double start = omp_get_wtime();
    for (unsigned at = 0; at < total && status == PM_OK; at += CHUNK) {
        unsigned n = total - at < CHUNK ? total - at : CHUNK, by_float[CHUNK] = {0}, by_integer[CHUNK] = {0};
        status = pm_idx_read(&d.images, n, pixels, j->error.text, sizeof j->error.text);
        if (status == PM_OK)
            status = pm_idx_read(&d.labels, n, labels, j->error.text, sizeof j->error.text);
        if (status != PM_OK)
            break;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
        for (unsigned i = 0; i < n; i++) {
            struct worker *w = &workers[omp_get_thread_num()];
            w->image = at + i;
            if (w->status == PM_OK)
                w->status = classify(w, pixels + i * d.images.item, as_float, &by_float[i], &by_integer[i]);
        }
        for (unsigned t = 0; t < threads && status == PM_OK; t++)
            if (workers[t].status != PM_OK)
                status = pm_fail(&j->error, workers[t].status, what, "%s", pm_strerror(workers[t].status));
        for (unsigned i = 0; i < n; i++) {
            g->correct_float += by_float[i] == labels[i];
            g->correct_integer += by_integer[i] == labels[i];
            g->same_class += by_float[i] == by_integer[i];
        }
        pm_run_progress(what, at + n, total);
    }
    g->seconds = omp_get_wtime() - start;
    for (unsigned t = 0; workers && t < threads; t++) {
        for (unsigned l = 0; l < layers; l++)
            pm_attention_cost_add(&g->layer[l], &workers[t].cost[l]);
        pm_hyflex_linear_cost_add(&g->arrays, &workers[t].arrays);
        worker_end(&workers[t]);
    }
    free(workers);
    free(labels);
    free(pixels);
    pm_run_data_close(&d);
    return status;
}

/* Without 1/Z: the rounded mean of log2 Z of each layer, from the first images. */
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
    struct worker golden; /* the context of both engines */
    struct mean_z *mean;  /* [layers] */
};

static pm_status z_attention(void *ctx, unsigned layer, const struct pm_encoder_map *map, const int8_t *x,
                             const int32_t *ex, int8_t *y, int32_t *e) {
    (void)map;
    struct z_worker *w = ctx;
    return pm_attention_run(w->golden.engine[layer], x, ex, NULL, w->golden.job->network.config.tokens, 0, y,
                            e, NULL, probe_z, &w->mean[layer]);
}

static pm_status typical_z(struct pm_run_job *j, const struct pm_run_matrices *matrices, int *log2_z) {
    enum { IMAGES = 64 };
    struct pm_run_data d;
    struct z_worker w;
    struct mean_z mean[PM_RUN_MAX_LAYERS] = {0};
    unsigned layers = j->network.config.layers;
    for (unsigned l = 0; l < layers; l++)
        mean[l].heads = j->network.config.heads;
    double norm = j->settings.value[PM_RUN_NORM];
    j->settings.value[PM_RUN_NORM] = PM_NORM_RECIP;
    pm_status status = worker_begin(&w.golden, j, matrices, NULL);
    j->settings.value[PM_RUN_NORM] = norm;
    w.mean = mean;
    if (status != PM_OK)
        pm_fail(&j->error, status, "norm", "%s", pm_strerror(status));
    else
        status = pm_run_data_open(j, &d);
    if (status == PM_OK) {
        uint8_t *pixels = malloc(d.images.item);
        float *logits = malloc(j->network.config.classes * sizeof *logits);
        if (!pixels || !logits)
            status = pm_fail(&j->error, PM_ENOMEM, "norm", "out of memory");
        const struct pm_encoder_engines e = engines(&w.golden, z_attention);
        for (unsigned i = 0; i < IMAGES && i < d.images.dim[0] && status == PM_OK; i++) {
            status = pm_idx_read(&d.images, 1, pixels, j->error.text, sizeof j->error.text);
            if (status == PM_OK)
                status = pm_encoder_forward(&j->network, pixels, &e, w.golden.scratch, logits);
        }
        free(pixels);
        free(logits);
        pm_run_data_close(&d);
    }
    for (unsigned l = 0; l < layers; l++)
        log2_z[l] = mean[l].rows ? (int)lround(mean[l].sum / (double)mean[l].rows) : 0;
    worker_end(&w.golden);
    return status;
}

pm_status pm_run_golden_images(struct pm_run_job *j, const char *what, unsigned images, bool as_float,
                               struct pm_run_golden *g) {
    int log2_z[PM_RUN_MAX_LAYERS] = {0};
    const bool none = j->settings.value[PM_RUN_NORM] == PM_NORM_NONE;
    struct pm_run_matrices matrices;
    pm_status status = pm_run_matrices_new(j, &matrices);
    if (status == PM_OK && none)
        status = typical_z(j, &matrices, log2_z);
    if (status == PM_OK)
        status = run_golden(j, what, images, as_float, &matrices, none ? log2_z : NULL, g);
    pm_run_matrices_free(&matrices);
    return status;
}
