// SPDX-License-Identifier: Apache-2.0
/* `perimeter run` in golden C. */
#include "run_worker.h"

#include <omp.h>
#include <stdlib.h>

/* Images that are in memory at a time. */
#define CHUNK 128

static unsigned largest(const float *v, unsigned n) {
    unsigned best = 0;
    for (unsigned i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}

/* One image, in float where `as_float`, and through the engines. */
static pm_status classify(struct pm_run_worker *w, const uint8_t *image, bool as_float, unsigned *by_float,
                          unsigned *by_integer) {
    const struct pm_encoder *network = &w->job->network;
    const struct pm_encoder_input input = {.image = image, .n = network->config.tokens};
    float *logits = malloc(network->config.classes * sizeof *logits);
    pm_status status = logits ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && as_float) {
        status = pm_encoder_forward(network, &input, NULL, w->scratch, logits);
        *by_float = largest(logits, network->config.classes);
    }
    const struct pm_encoder_engines e = pm_run_worker_engines(w);
    if (status == PM_OK)
        status = pm_encoder_forward(network, &input, &e, w->scratch, logits);
    if (status == PM_OK)
        *by_integer = largest(logits, network->config.classes);
    free(logits);
    return status;
}

/* The golden engine over `images` images (0: all). */
static pm_status run_golden(struct pm_run_job *j, const char *what, unsigned images, bool as_float,
                            const struct pm_run_matrices *matrices, const int *log2_z,
                            struct pm_run_golden *g) {
    struct pm_dataset d;
    pm_status status = pm_run_data_open(j, &d);
    unsigned threads = j->settings.value[PM_RUN_THREADS] > 0 ? (unsigned)j->settings.value[PM_RUN_THREADS]
                                                             : (unsigned)omp_get_num_procs();
    unsigned total = status == PM_OK ? d.images.dim[0] : 0, layers = j->network.config.layers;
    if (images > total && status == PM_OK)
        status = pm_fail(&j->error, PM_EINVAL, "images", "%u asked for, %s has %u", images, j->data, total);
    if (images > 0)
        total = images;
    uint8_t *pixels = malloc(CHUNK * (status == PM_OK ? d.images.item : 1)), *labels = malloc(CHUNK);
    struct pm_run_worker *workers = calloc(threads, sizeof *workers);
    *g = (struct pm_run_golden){.images = total};
    if (!pixels || !labels || !workers)
        status = pm_fail(&j->error, PM_ENOMEM, what, "out of memory");
    for (unsigned t = 0; t < threads && status == PM_OK; t++)
        if ((status = pm_run_worker_begin(&workers[t], j, matrices, log2_z)) != PM_OK)
            pm_fail(&j->error, status, what, "%s", pm_strerror(status));
    double start = omp_get_wtime();
    for (unsigned at = 0; at < total && status == PM_OK; at += CHUNK) {
        unsigned n = total - at < CHUNK ? total - at : CHUNK, by_float[CHUNK] = {0}, by_integer[CHUNK] = {0};
        status = pm_idx_read(&d.images, n, pixels, &j->error);
        if (status == PM_OK)
            status = pm_idx_read(&d.labels, n, labels, &j->error);
        if (status != PM_OK)
            break;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
        for (unsigned i = 0; i < n; i++) {
            struct pm_run_worker *w = &workers[omp_get_thread_num()];
            w->item = at + i;
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
        pm_run_worker_end(&workers[t]);
    }
    free(workers);
    free(labels);
    free(pixels);
    pm_dataset_close(&d);
    return status;
}

/* Without 1/Z: what stands in for it, from the first images. */
static pm_status typical_z(struct pm_run_job *j, const struct pm_run_matrices *matrices, int *log2_z) {
    enum { IMAGES = 64 };
    struct pm_dataset d;
    struct pm_encoder_input inputs[IMAGES];
    pm_status status = pm_run_data_open(j, &d);
    const unsigned count = status == PM_OK && d.images.dim[0] < IMAGES ? d.images.dim[0] : IMAGES;
    uint8_t *pixels = malloc(status == PM_OK ? count * d.images.item : 1);
    if (status == PM_OK && !pixels)
        status = pm_fail(&j->error, PM_ENOMEM, "norm", "out of memory");
    if (status == PM_OK)
        status = pm_idx_read(&d.images, count, pixels, &j->error);
    for (unsigned i = 0; i < count && status == PM_OK; i++)
        inputs[i] =
            (struct pm_encoder_input){.image = pixels + i * d.images.item, .n = j->network.config.tokens};
    if (status == PM_OK)
        status = pm_run_typical_z(j, matrices, inputs, count, log2_z);
    free(pixels);
    pm_dataset_close(&d);
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
