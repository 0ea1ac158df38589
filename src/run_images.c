// SPDX-License-Identifier: Apache-2.0
/* `perimeter run` over a test set: one worker a thread, for golden C and, watched by twins, for RTL. */
#include "run.h"

#include "io/dataset.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Images that are in memory at a time. */
#define CHUNK 128

static pm_status open_data(struct pm_run_job *j, struct pm_dataset *d) {
    const unsigned image = j->network.image;
    pm_status status = pm_dataset_open(d, j->data, "t10k", j->network.classes, &j->error);
    if (status == PM_OK && (d->images.dim[1] != image || d->images.dim[2] != image))
        status = pm_fail(&j->error, PM_ESHAPE, d->images.path, "images of %ux%u, the network takes %ux%u",
                         d->images.dim[1], d->images.dim[2], image, image);
    if (status != PM_OK)
        pm_dataset_close(d);
    return status;
}

static unsigned largest(const float *v, unsigned n) {
    unsigned best = 0;
    for (unsigned i = 1; i < n; i++)
        if (v[i] > v[best])
            best = i;
    return best;
}

unsigned pm_run_threads(const struct pm_run_job *j) {
    const unsigned threads = (unsigned)pm_settings_int(j->settings, "threads");
    return threads > 0 ? threads : (unsigned)omp_get_num_procs();
}

/* Over all workers of a pass. */
struct threads {
    struct pm_worker *worker;
    float *out; /* [threads][classes] */
    unsigned count;
    struct pm_twins *twins; /* of the only one */
};

static pm_status begin(struct pm_run_job *j, const struct pm_run_pass *pass, const struct pm_placement *p,
                       struct threads *t) {
    const struct pm_graph *g = j->network.graph;
    const struct pm_twin_report report = {"image", j->replay};
    const unsigned tokens = pass->watch ? (g->tokens + 63) / 64 * 64 : g->tokens; /* models come so */
    t->count = pass->watch ? 1 : pm_run_threads(j);
    t->worker = calloc(t->count, sizeof *t->worker);
    t->out = malloc((size_t)t->count * pm_graph_outputs(g) * sizeof *t->out);
    pm_status status = t->worker && t->out ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < t->count && status == PM_OK; i++)
        status = pm_worker_begin(&t->worker[i], g, p, tokens);
    if (status != PM_OK)
        return pm_fail(&j->error, status, pass->what, "%s", pm_strerror(status));
    return pass->watch ? pm_twins_open(&t->worker[0], tokens, &report, pass->watch, g, &t->twins, &j->error)
                       : PM_OK;
}

static void end(struct threads *t, struct pm_run_outcome *o) {
    for (unsigned i = 0; t->worker && i < t->count; i++) {
        if (t->worker[i].graph)
            pm_tally_add(&o->tally, &t->worker[i]);
        for (unsigned n = 0; t->twins && n < o->tally.graph->nodes; n++)
            if (pm_twins_result(t->twins, n))
                o->rtl[n] = *pm_twins_result(t->twins, n);
        if (t->twins)
            memcpy(o->pass, pm_twins_passes(t->twins), sizeof o->pass);
        pm_twins_close(t->twins);
        t->twins = NULL;
        pm_worker_end(&t->worker[i]);
    }
    free(t->worker);
    free(t->out);
}

static pm_status classify(struct pm_worker *w, const uint8_t *image, bool as_float, float *out,
                          unsigned *by_float, unsigned *by_integer) {
    const unsigned classes = pm_graph_outputs(w->graph);
    const struct pm_graph_input input = {.image = image, .n = w->graph->tokens};
    pm_status status = as_float ? pm_worker_run_host(w, &input, out) : PM_OK;
    if (status == PM_OK && as_float)
        *by_float = largest(out, classes);
    if (status == PM_OK)
        status = pm_worker_run(w, &input, out);
    if (status == PM_OK)
        *by_integer = largest(out, classes);
    return status;
}

static pm_status run_chunk(struct pm_run_job *j, const struct pm_run_pass *pass, struct threads *t,
                           unsigned at, unsigned n, size_t item, const uint8_t *pixels, const uint8_t *labels,
                           struct pm_run_outcome *o) {
    const unsigned classes = j->network.classes;
    unsigned by_float[CHUNK] = {0}, by_integer[CHUNK] = {0};
    pm_status status = PM_OK;
#pragma omp parallel for num_threads(t->count) schedule(dynamic, 4)
    for (unsigned i = 0; i < n; i++) {
        const unsigned thread = (unsigned)omp_get_thread_num();
        struct pm_worker *w = &t->worker[thread];
        w->item = at + i;
        if (w->status == PM_OK)
            w->status = classify(w, pixels + i * item, pass->as_float, t->out + (size_t)thread * classes,
                                 &by_float[i], &by_integer[i]);
    }
    for (unsigned k = 0; k < t->count && status == PM_OK; k++)
        status = t->worker[k].status;
    if (status != PM_OK && status != PM_EDIFFER)
        pm_fail(&j->error, status, pass->what, "image %u: %s", at, pm_strerror(status));
    for (unsigned i = 0; i < n; i++) {
        o->correct_float += by_float[i] == labels[i];
        o->correct_integer += by_integer[i] == labels[i];
        o->same_class += by_float[i] == by_integer[i];
    }
    return status;
}

/* What a placement must see first: the first images. */
static pm_status settle(struct pm_run_job *j, struct pm_placement *p) {
    enum { IMAGES = 64 };
    struct pm_dataset d;
    struct pm_graph_input inputs[IMAGES];
    pm_status status = open_data(j, &d);
    const unsigned count = status == PM_OK && d.images.dim[0] < IMAGES ? d.images.dim[0] : IMAGES;
    uint8_t *pixels = malloc(status == PM_OK ? count * d.images.item : 1);
    if (status == PM_OK && !pixels)
        status = pm_fail(&j->error, PM_ENOMEM, "settling", "out of memory");
    if (status == PM_OK)
        status = pm_idx_read(&d.images, count, pixels, &j->error);
    for (unsigned i = 0; i < count && status == PM_OK; i++)
        inputs[i] =
            (struct pm_graph_input){.image = pixels + i * d.images.item, .n = j->network.graph->tokens};
    if (status == PM_OK && (status = pm_placement_settle(p, inputs, count)) != PM_OK)
        pm_fail(&j->error, status, "settling", "%s", pm_strerror(status));
    free(pixels);
    pm_dataset_close(&d);
    return status;
}

static pm_status run_data(struct pm_run_job *j, const struct pm_run_pass *pass, struct pm_dataset *d,
                          const struct pm_placement *p, struct pm_run_outcome *o) {
    const unsigned chunk = pass->watch ? 1 : CHUNK, all = d->images.dim[0];
    struct threads t = {0};
    if (pass->images > all)
        return pm_fail(&j->error, PM_EINVAL, pass->watch ? "rtl-images" : "images", "%u asked for, %s has %u",
                       pass->images, j->data, all);
    const unsigned total = pass->images > 0 ? pass->images : all;
    uint8_t *pixels = malloc(CHUNK * d->images.item), labels[CHUNK];
    pm_status status = pixels ? PM_OK : pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    if (status == PM_OK)
        status = begin(j, pass, p, &t);
    const double start = omp_get_wtime();
    for (unsigned at = 0; at < total && status == PM_OK; at += chunk) {
        const unsigned n = total - at < chunk ? total - at : chunk;
        status = pm_idx_read(&d->images, n, pixels, &j->error);
        if (status == PM_OK)
            status = pm_idx_read(&d->labels, n, labels, &j->error);
        if (status == PM_OK)
            status = run_chunk(j, pass, &t, at, n, d->images.item, pixels, labels, o);
        pm_run_progress(pass->what, at + n, total);
    }
    o->seconds = omp_get_wtime() - start;
    o->images = total;
    end(&t, o);
    free(pixels);
    return status;
}

pm_status pm_run_images(struct pm_run_job *j, const struct pm_run_pass *pass, struct pm_run_outcome *o) {
    const struct pm_graph *g = j->network.graph;
    struct pm_placement *p;
    struct pm_dataset d = {0};
    *o = (struct pm_run_outcome){.draws = pm_plan_draws(pass->plan, g)};
    pm_status status = pm_run_place(j, pass->plan, &p);
    if (status == PM_OK && pm_placement_settles(p))
        status = settle(j, p);
    if (status == PM_OK) {
        status = pm_tally_new(&o->tally, g, p);
        o->rtl = calloc(g->nodes, sizeof *o->rtl);
        if (status != PM_OK || !o->rtl)
            status = pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    }
    if (status == PM_OK)
        status = open_data(j, &d);
    if (status == PM_OK)
        status = run_data(j, pass, &d, p, o);
    pm_dataset_close(&d);
    pm_placement_free(p);
    return status;
}

void pm_run_outcome_free(struct pm_run_outcome *o) {
    pm_tally_free(&o->tally);
    free(o->rtl);
    *o = (struct pm_run_outcome){0};
}
