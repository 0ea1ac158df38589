// SPDX-License-Identifier: Apache-2.0
/* `perimeter run` over a test set: one worker a thread, for golden C and, watched by twins, for RTL. */
#include "run.h"

#include "io/dataset.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Images that are in memory at a time. */
#define CHUNK 128
/* Of a pass whose layers are looked at alone: what it takes to tell a layer's error. */
#define ALONE 20

static pm_status open_data(struct pm_run_job *j, bool training, struct pm_dataset *d) {
    return pm_dataset_open(d, j->data, training ? "train" : "t10k", &j->network.form, &j->error);
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
    struct pm_twins *twins;        /* of the only one */
    struct pm_fidelity **fidelity; /* [threads]; NULL: not asked for */
    bool alone;                    /* of layers alone */
    struct pm_fidelity_sum *sum;   /* [CHUNK][nodes] then: added up in the images' order */
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

static pm_status begin_fidelity(struct pm_run_job *j, const struct pm_run_pass *pass, struct threads *t,
                                struct pm_run_outcome *o) {
    const unsigned nodes = j->network.graph->nodes;
    t->alone = pass->fidelity == PM_FIDELITY_ALONE;
    t->fidelity = calloc(t->count, sizeof *t->fidelity);
    t->sum = calloc((size_t)CHUNK * nodes, sizeof *t->sum);
    o->fidelity = calloc(nodes, sizeof *o->fidelity);
    bool ok = t->fidelity && t->sum && o->fidelity;
    for (unsigned i = 0; i < t->count && ok; i++)
        ok = (t->fidelity[i] = pm_fidelity_new(&t->worker[i])) != NULL;
    return ok ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "fidelity", "out of memory");
}

static void end(struct threads *t, struct pm_run_outcome *o) {
    for (unsigned i = 0; t->fidelity && i < t->count; i++)
        pm_fidelity_free(t->fidelity[i]);
    free(t->fidelity);
    free(t->sum);
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

/* What a network says of an image, and how many classes it finds likelier than the label. */
struct verdict {
    unsigned class, before;
};

static struct verdict judge(const float *v, unsigned classes, unsigned label) {
    struct verdict found = {largest(v, classes), 0};
    for (unsigned i = 0; label < classes && i < classes; i++)
        found.before += v[i] > v[label] || (v[i] == v[label] && i < label);
    return found;
}

/* Images that are in memory. */
struct chunk {
    uint8_t *pixels;
    unsigned label[CHUNK]; /* the number of classes: none */
    size_t item;
    unsigned at, n;
};

/* Image i of the chunk, by worker number `thread`. */
static pm_status classify(const struct threads *t, unsigned thread, const struct chunk *c, unsigned i,
                          bool as_float, struct verdict *by_float, struct verdict *by_integer) {
    struct pm_worker *w = &t->worker[thread];
    const unsigned classes = pm_graph_outputs(w->graph), label = c->label[i];
    const struct pm_graph_input input = {.image = c->pixels + i * c->item, .n = w->graph->tokens};
    struct pm_fidelity *f = t->fidelity && (!t->alone || c->at + i < ALONE) ? t->fidelity[thread] : NULL;
    struct pm_fidelity_sum *sum = f ? t->sum + (size_t)i * w->graph->nodes : NULL;
    float *out = t->out + (size_t)thread * classes;
    pm_status status = PM_OK;
    w->item = c->at + i;
    if (as_float)
        status = !f         ? pm_worker_run_host(w, &input, out)
                 : t->alone ? pm_fidelity_alone(f, &input, out, sum)
                            : pm_fidelity_float(f, &input, out);
    if (status == PM_OK && as_float)
        *by_float = judge(out, classes, label);
    if (status == PM_OK)
        status = f && !t->alone ? pm_fidelity_placed(f, &input, out, sum) : pm_worker_run(w, &input, out);
    if (status == PM_OK)
        *by_integer = judge(out, classes, label);
    return status;
}

/* Adds the chunk's, and forgets them. */
static void add_fidelity(struct threads *t, unsigned images, unsigned nodes, struct pm_fidelity_sum *to) {
    for (size_t i = 0; i < (size_t)images * nodes; i++) {
        struct pm_fidelity_sum *sum = &to[i % nodes];
        sum->ff += t->sum[i].ff;
        sum->qq += t->sum[i].qq;
        sum->fq += t->sum[i].fq;
        sum->noise += t->sum[i].noise;
        t->sum[i] = (struct pm_fidelity_sum){0};
    }
}

static bool is_ours(const struct pm_run_pass *pass, unsigned image) {
    return pass->parts == 0 || image % pass->parts == pass->part;
}

static pm_status run_chunk(struct pm_run_job *j, const struct pm_run_pass *pass, struct threads *t,
                           const struct chunk *c, struct pm_run_outcome *o) {
    struct verdict by_float[CHUNK] = {0}, by_integer[CHUNK] = {0};
    pm_status status = PM_OK;
#pragma omp parallel for num_threads(t->count) schedule(dynamic, 4)
    for (unsigned i = 0; i < c->n; i++) {
        const unsigned thread = (unsigned)omp_get_thread_num();
        pm_status *own = &t->worker[thread].status;
        if (*own == PM_OK && is_ours(pass, c->at + i))
            *own = classify(t, thread, c, i, pass->as_float, &by_float[i], &by_integer[i]);
    }
    for (unsigned k = 0; k < t->count && status == PM_OK; k++)
        status = t->worker[k].status;
    if (status != PM_OK && status != PM_EDIFFER)
        pm_fail(&j->error, status, pass->what, "image %u: %s", c->at, pm_strerror(status));
    for (unsigned i = 0; i < c->n; i++) {
        if (!is_ours(pass, c->at + i))
            continue;
        o->correct_float += by_float[i].before == 0;
        o->correct_integer += by_integer[i].before == 0;
        o->top5_float += by_float[i].before < 5;
        o->top5_integer += by_integer[i].before < 5;
        o->same_class += by_float[i].class == by_integer[i].class;
        const struct pm_run_changed found = {c->at + i, c->label[i], by_float[i].class, by_integer[i].class,
                                             NULL};
        if (status == PM_OK && pass->as_float &&
            (status = pm_run_classes_add(&o->classes, &found, c->pixels + i * c->item, c->item)) != PM_OK)
            pm_fail(&j->error, status, pass->what, "%s", pm_strerror(status));
    }
    if (t->fidelity)
        add_fidelity(t, c->n, j->network.graph->nodes, o->fidelity);
    return status;
}

/* What a placement must see first: the first images. */
static pm_status settle(struct pm_run_job *j, struct pm_placement *p) {
    enum { IMAGES = 64 };
    struct pm_dataset d;
    struct pm_graph_input inputs[IMAGES];
    pm_status status = open_data(j, false, &d);
    const unsigned count = status == PM_OK && d.count < IMAGES ? d.count : IMAGES;
    unsigned label[IMAGES];
    uint8_t *pixels = malloc(status == PM_OK ? count * d.item : 1);
    if (status == PM_OK && !pixels)
        status = pm_fail(&j->error, PM_ENOMEM, "settling", "out of memory");
    if (status == PM_OK)
        status = pm_dataset_read(&d, count, pixels, label, &j->error);
    for (unsigned i = 0; i < count && status == PM_OK; i++)
        inputs[i] = (struct pm_graph_input){.image = pixels + i * d.item, .n = j->network.graph->tokens};
    if (status == PM_OK && (status = pm_placement_settle(p, inputs, count)) != PM_OK)
        pm_fail(&j->error, status, "settling", "%s", pm_strerror(status));
    free(pixels);
    pm_dataset_close(&d);
    return status;
}

/* Where a pass's images come from: a data set, or memory. */
struct source {
    struct pm_dataset d;
    const struct pm_run_held *held; /* NULL: d */
    unsigned count, next;           /* next: of those in memory */
    bool labelled;
    size_t item;
};

static pm_status too_few(struct pm_run_job *j, const struct pm_run_pass *pass, unsigned count) {
    return pm_fail(&j->error, PM_EINVAL, pass->watch ? "rtl-images" : "images", "%u asked for, %s has %u",
                   pass->images, j->data, count);
}

/* The last images of the training set. */
static pm_status read_held(struct pm_run_job *j, const struct pm_run_pass *pass, struct pm_dataset *d) {
    struct pm_run_held *h = &j->held;
    const unsigned total = pass->images;
    if (total > d->count)
        return too_few(j, pass, d->count);
    pm_run_held_free(h);
    h->pixels = malloc((total > CHUNK ? total : CHUNK) * d->item);
    h->label = malloc((total > CHUNK ? total : CHUNK) * sizeof *h->label);
    pm_status status =
        h->pixels && h->label ? PM_OK : pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    for (unsigned skip = d->count - total, n; skip > 0 && status == PM_OK; skip -= n) {
        n = skip < CHUNK ? skip : CHUNK;
        status = pm_dataset_read(d, n, h->pixels, h->label, &j->error);
    }
    if (status == PM_OK)
        status = pm_dataset_read(d, total, h->pixels, h->label, &j->error);
    if (status == PM_OK)
        *h = (struct pm_run_held){total, d->labelled, d->item, h->pixels, h->label};
    return status;
}

static pm_status hold(struct pm_run_job *j, const struct pm_run_pass *pass) {
    struct pm_dataset d = {0};
    if (j->held.count > 0 && j->held.count == pass->images)
        return PM_OK;
    pm_status status = open_data(j, true, &d);
    if (status == PM_OK)
        status = read_held(j, pass, &d);
    pm_dataset_close(&d);
    return status;
}

static pm_status open_source(struct pm_run_job *j, const struct pm_run_pass *pass, struct source *s) {
    *s = (struct source){0};
    if (pass->held) {
        const pm_status status = hold(j, pass);
        s->held = &j->held;
        s->count = j->held.count;
        s->labelled = j->held.labelled;
        s->item = j->held.item;
        return status;
    }
    const pm_status status = open_data(j, false, &s->d);
    s->count = s->d.count;
    s->labelled = s->d.labelled;
    s->item = s->d.item;
    return status == PM_OK && pass->images > s->count ? too_few(j, pass, s->count) : status;
}

static pm_status read_source(struct pm_run_job *j, struct source *s, struct chunk *c) {
    if (!s->held)
        return pm_dataset_read(&s->d, c->n, c->pixels, c->label, &j->error);
    memcpy(c->pixels, s->held->pixels + s->next * s->item, c->n * s->item);
    memcpy(c->label, s->held->label + s->next, c->n * sizeof *c->label);
    s->next += c->n;
    return PM_OK;
}

static pm_status run_data(struct pm_run_job *j, const struct pm_run_pass *pass, struct source *s,
                          const struct pm_placement *p, struct pm_run_outcome *o) {
    const unsigned chunk = pass->watch ? 1 : CHUNK, total = pass->images > 0 ? pass->images : s->count;
    struct threads t = {0};
    struct chunk c = {.pixels = malloc(CHUNK * s->item), .item = s->item};
    pm_status status = c.pixels ? PM_OK : pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    for (unsigned i = 0; i < CHUNK; i++)
        c.label[i] = j->network.form.classes;
    if (status == PM_OK)
        status = begin(j, pass, p, &t);
    if (status == PM_OK && pass->as_float &&
        (status = pm_run_classes_new(&o->classes, pm_graph_outputs(j->network.graph), s->labelled)) != PM_OK)
        pm_fail(&j->error, status, pass->what, "%s", pm_strerror(status));
    if (status == PM_OK && pass->fidelity + !s->labelled > PM_FIDELITY_UNLABELLED)
        status = begin_fidelity(j, pass, &t, o);
    const double start = omp_get_wtime();
    for (c.at = 0; c.at < total && status == PM_OK; c.at += chunk) {
        c.n = total - c.at < chunk ? total - c.at : chunk;
        status = read_source(j, s, &c);
        if (status == PM_OK)
            status = run_chunk(j, pass, &t, &c, o);
        pm_run_progress(pass->what, c.at + c.n, total);
    }
    o->seconds = omp_get_wtime() - start;
    o->images = total;
    o->labelled = s->labelled;
    end(&t, o);
    free(c.pixels);
    return status;
}

pm_status pm_run_images(struct pm_run_job *j, const struct pm_run_pass *pass, struct pm_run_outcome *o) {
    const struct pm_graph *g = j->network.graph;
    struct pm_placement *p;
    struct source s = {0};
    *o = (struct pm_run_outcome){.draws = pm_plan_draws(pass->plan, g)};
    if (pm_network_is_decoder(&j->network))
        return pm_fail(&j->error, PM_EINVAL, j->model, "takes a text, not images");
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
        status = open_source(j, pass, &s);
    if (status == PM_OK)
        status = run_data(j, pass, &s, p, o);
    pm_dataset_close(&s.d);
    pm_placement_free(p);
    return status;
}

void pm_run_outcome_free(struct pm_run_outcome *o) {
    pm_tally_free(&o->tally);
    free(o->rtl);
    free(o->fidelity);
    pm_run_classes_free(&o->classes);
    *o = (struct pm_run_outcome){0};
}
