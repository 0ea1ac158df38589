// SPDX-License-Identifier: Apache-2.0
/* A text through a decoder: one worker a thread, for golden C and, watched by twins, for RTL. */
#include "run_text.h"

#include "io/text.h"
#include "net/score.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* ---- the text ---- */

static void free_text(struct pm_run_text_set *s) {
    free(s->id);
    free(s->seen);
    free(s->nats);
    free(s->first);
}

static pm_status load_text(struct pm_run_job *j, struct pm_run_text_set *s) {
    const unsigned tokens = j->network.graph->tokens;
    char *text;
    size_t at = 0;
    pm_status status = pm_text_load(j->data, (size_t)1 << 30, &text, &s->count, &j->error);
    if (status != PM_OK)
        return status;
    while (at < s->count && pm_utf8_length(text + at))
        at += pm_utf8_length(text + at);
    if (at < s->count)
        status = pm_fail(&j->error, PM_EFORMAT, j->data,
                         text[at] ? "byte %zu is not UTF-8" : "byte %zu is zero", at + 1);
    if (status == PM_OK) {
        const size_t length = s->count;
        status = pm_words_of(&j->words, text, length, &s->id, &s->count, &j->error);
    }
    free(text);
    if (status == PM_OK && s->count < 2)
        status = pm_fail(&j->error, PM_EFORMAT, j->data, "%zu %s, of which none can be foretold", s->count,
                         pm_words_unit(&j->words));
    else if (status == PM_OK && s->count / tokens >= UINT_MAX)
        status = pm_fail(&j->error, PM_EFORMAT, j->data, "more windows than can be counted");
    if (status == PM_OK) {
        s->windows = (unsigned)((s->count - 2) / tokens + 1);
        s->seen = calloc(s->windows, sizeof *s->seen);
        s->nats = malloc(s->count * sizeof *s->nats);
        s->first = malloc(s->count * sizeof *s->first);
        if (!s->seen || !s->nats || !s->first)
            status = pm_fail(&j->error, PM_ENOMEM, j->data, "out of memory");
    }
    return status;
}

/* What a window's network reads. */
static struct pm_graph_input window(const struct pm_run_text_set *s, unsigned tokens, size_t index) {
    const size_t from = index * tokens, left = s->count - 1 - from;
    return (struct pm_graph_input){.ids = s->id + from, .n = left < tokens ? (unsigned)left : tokens};
}

/* ---- a pass ---- */

struct pass {
    const char *what;
    const struct pm_plan *plan;
    unsigned windows;       /* 0: all */
    unsigned tokens;        /* of each at most */
    pm_twin_filter *filter; /* which layers are in RTL as well; NULL: none */
};

struct threads {
    struct pm_worker *worker;
    float **out; /* [count] of all tokens */
    unsigned count;
    struct pm_twins *twins; /* of the only one */
};

/* One window's. */
struct verdict {
    unsigned right_float, right, same, n, changes;
    struct pm_run_foretold_change changed[PM_RUN_CHANGED];
    double nats_float, nats;
    size_t bytes; /* that the foretold tokens stand for */
};

static pm_status begin(struct pm_run_job *j, const struct pass *pass, const struct pm_placement *p,
                       struct threads *t) {
    const struct pm_graph *g = j->network.graph;
    const struct pm_twin_report report = {"window", j->replay};
    const unsigned tokens = pass->filter ? (pass->tokens + 15) / 16 * 16 : g->tokens; /* models come so */
    t->count = pass->filter ? 1 : pm_run_threads(j);
    t->worker = calloc(t->count, sizeof *t->worker);
    t->out = calloc(t->count, sizeof *t->out);
    pm_status status = t->worker && t->out ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < t->count && status == PM_OK; i++) {
        status = pm_worker_begin(&t->worker[i], g, p, tokens);
        t->out[i] = malloc(pm_graph_floats(g, tokens) * sizeof **t->out);
        if (!t->out[i])
            status = PM_ENOMEM;
    }
    if (status != PM_OK)
        return pm_fail(&j->error, status, pass->what, "%s", pm_strerror(status));
    return pass->filter ? pm_twins_open(&t->worker[0], tokens, &report, pass->filter, g, &t->twins, &j->error)
                        : PM_OK;
}

static void end(struct threads *t, struct pm_run_outcome *o) {
    for (unsigned n = 0; t->twins && n < o->tally.graph->nodes; n++)
        if (pm_twins_result(t->twins, n))
            o->rtl[n] = *pm_twins_result(t->twins, n);
    if (t->twins)
        memcpy(o->pass, pm_twins_passes(t->twins), sizeof o->pass);
    pm_twins_close(t->twins);
    for (unsigned i = 0; t->worker && i < t->count; i++) {
        if (t->worker[i].graph)
            pm_tally_add(&o->tally, &t->worker[i]);
        pm_worker_end(&t->worker[i]);
        free(t->out ? t->out[i] : NULL);
    }
    free(t->worker);
    free(t->out);
}

static uint32_t likeliest(const float *logits, size_t classes) {
    size_t best = 0;
    for (size_t i = 1; i < classes; i++)
        best = logits[i] > logits[best] ? i : best;
    return (uint32_t)best;
}

/* Window number w, by worker number `thread`. */
static pm_status foretell(const struct pm_words *words, struct pm_run_text_set *s, const struct pass *pass,
                          struct threads *t, unsigned thread, unsigned w, struct verdict *v) {
    struct pm_worker *worker = &t->worker[thread];
    const size_t classes = pm_graph_outputs(worker->graph);
    const unsigned tokens = worker->graph->tokens;
    struct pm_graph_input in = window(s, tokens, w);
    const uint32_t *next = in.ids + 1;
    double *nats = s->nats + (size_t)w * tokens;
    uint32_t *first = s->first + (size_t)w * tokens;
    float *out = t->out[thread];
    pm_status status = PM_OK;
    in.n = in.n < pass->tokens ? in.n : pass->tokens;
    worker->item = w;
    if (!s->seen[w] && !pass->filter) {
        status = pm_worker_run_host(worker, &in, out);
        for (unsigned i = 0; i < in.n && status == PM_OK; i++) {
            nats[i] = pm_score_nats(out + i * classes, classes, next[i]);
            first[i] = likeliest(out + i * classes, classes);
        }
        s->seen[w] = status == PM_OK;
    }
    if (status == PM_OK)
        status = pm_worker_run(worker, &in, out);
    for (unsigned i = 0; i < in.n && status == PM_OK && s->seen[w]; i++) {
        const uint32_t best = likeliest(out + i * classes, classes);
        v->nats_float += nats[i];
        v->nats += pm_score_nats(out + i * classes, classes, next[i]);
        v->right_float += first[i] == next[i];
        v->right += best == next[i];
        v->same += best == first[i];
        if (best != first[i] && v->changes < PM_RUN_CHANGED)
            v->changed[v->changes++] = (struct pm_run_foretold_change){w, i, first[i], best};
    }
    const char *bytes;
    v->n = in.n;
    for (unsigned i = 0; i < in.n; i++)
        v->bytes += pm_words_bytes(words, next[i], &bytes);
    return status;
}

static pm_status run_windows(struct pm_run_job *j, struct pm_run_text_set *s, const struct pass *pass,
                             struct threads *t, struct pm_run_foretold *f) {
    struct verdict *v = calloc(f->windows, sizeof *v);
    unsigned done = 0;
    pm_status status = v ? PM_OK : pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    const double start = omp_get_wtime();
#pragma omp parallel for num_threads(t->count) schedule(dynamic, 1) if (v)
    for (unsigned w = 0; w < (v ? f->windows : 0); w++) {
        const unsigned thread = (unsigned)omp_get_thread_num();
        pm_status *own = &t->worker[thread].status;
        if (*own == PM_OK)
            *own = foretell(&j->words, s, pass, t, thread, w, &v[w]);
#pragma omp critical
        pm_run_progress(pass->what, ++done, f->windows);
    }
    f->o.seconds = omp_get_wtime() - start;
    for (unsigned k = 0; k < t->count && status == PM_OK; k++)
        status = t->worker[k].status;
    if (status != PM_OK && status != PM_EDIFFER && !*j->error.text)
        pm_fail(&j->error, status, pass->what, "%s", pm_strerror(status));
    for (unsigned w = 0; v && w < f->windows; w++) { /* in their order */
        f->nats_float += v[w].nats_float;
        f->nats_integer += v[w].nats;
        f->o.images += v[w].n;
        f->bytes += (double)v[w].bytes;
        f->o.correct_float += v[w].right_float;
        f->o.correct_integer += v[w].right;
        f->o.same_class += v[w].same;
        for (unsigned i = 0; i < v[w].changes && f->changes < PM_RUN_CHANGED; i++)
            f->changed[f->changes++] = v[w].changed[i];
    }
    free(v);
    return status;
}

/* What a placement must see first: the first windows. */
static pm_status settle(struct pm_run_job *j, const struct pm_run_text_set *s, struct pm_placement *p) {
    enum { WINDOWS = 8 };
    struct pm_graph_input in[WINDOWS];
    const unsigned count = s->windows < WINDOWS ? s->windows : WINDOWS;
    for (unsigned w = 0; w < count; w++)
        in[w] = window(s, j->network.graph->tokens, w);
    const pm_status status = pm_placement_settle(p, in, count);
    return status == PM_OK ? status : pm_fail(&j->error, status, "settling", "%s", pm_strerror(status));
}

/* *f needs pm_run_outcome_free in any case. */
static pm_status run_pass(struct pm_run_job *j, struct pm_run_text_set *s, const struct pass *pass,
                          struct pm_run_foretold *f) {
    const struct pm_graph *g = j->network.graph;
    struct pm_placement *p;
    struct threads t = {0};
    *f = (struct pm_run_foretold){.windows = pass->windows ? pass->windows : s->windows};
    f->o.draws = pm_plan_draws(pass->plan, g);
    pm_status status = pm_run_place(j, pass->plan, &p);
    if (status == PM_OK && pm_placement_settles(p))
        status = settle(j, s, p);
    if (status == PM_OK) {
        status = pm_tally_new(&f->o.tally, g, p);
        f->o.rtl = calloc(g->nodes, sizeof *f->o.rtl);
        if (status != PM_OK || !f->o.rtl)
            status = pm_fail(&j->error, PM_ENOMEM, pass->what, "out of memory");
    }
    if (status == PM_OK) {
        status = begin(j, pass, p, &t);
        if (status == PM_OK)
            status = run_windows(j, s, pass, &t, f);
        end(&t, &f->o);
    }
    pm_placement_free(p);
    return status;
}

static bool every_layer(const void *ctx, unsigned node) {
    (void)ctx, (void)node;
    return true;
}

/* ---- the run ---- */

static pm_status check_amounts(struct pm_run_job *j, const struct pm_run_text_set *s) {
    static const char *const windows[] = {"windows", "ablation-windows"};
    const unsigned tokens = j->network.graph->tokens;
    for (int i = 0; i < 2; i++)
        if (pm_settings_int(j->settings, windows[i]) > s->windows)
            return pm_fail(&j->error, PM_EINVAL, windows[i], "%lld asked for, %s has %u of %u %s",
                           (long long)pm_settings_int(j->settings, windows[i]), j->data, s->windows, tokens,
                           pm_words_unit(&j->words));
    if (pm_settings_int(j->settings, "engine") != PM_ENGINE_GOLDEN &&
        pm_settings_int(j->settings, "rtl-tokens") > tokens)
        return pm_fail(&j->error, PM_ERANGE, "rtl-tokens", "%lld, the network takes %u",
                       (long long)pm_settings_int(j->settings, "rtl-tokens"), tokens);
    return PM_OK;
}

static pm_status measure(struct pm_run_job *j, struct pm_run_text_set *s, struct pm_run_text_report *r) {
    const int64_t engine = pm_settings_int(j->settings, "engine");
    const unsigned ablations = (unsigned)pm_settings_int(j->settings, "ablation-windows"),
                   tokens = j->network.graph->tokens;
    struct pass rtl = {"rtl", &j->plan, 1, (unsigned)pm_settings_int(j->settings, "rtl-tokens"), every_layer},
                golden = {"golden", &j->plan, (unsigned)pm_settings_int(j->settings, "windows"), tokens,
                          NULL};
    struct pm_variant variant[PM_RUN_VARIANTS];
    const unsigned variants = ablations > 0 ? pm_run_variants(PM_OF_TEXT, variant) : 0;
    pm_status status = PM_OK;
    if (engine != PM_ENGINE_GOLDEN)
        status = run_pass(j, s, &rtl, &r->rtl);
    if (status == PM_OK && engine != PM_ENGINE_RTL)
        status = run_pass(j, s, &golden, &r->golden);
    for (unsigned v = 0; v < variants && (status == PM_OK || status == PM_EMODE); v++) {
        struct pm_plan plan;
        status = pm_run_vary(j, variant[v].text, &plan);
        if (status != PM_OK)
            continue;
        const struct pass varied = {pm_run_variant_name(&variant[v]), &plan, ablations, tokens, NULL};
        r->variant[r->variants] = variant[v];
        status = run_pass(j, s, &varied, &r->varied[r->variants++]);
        pm_plan_free(&plan);
    }
    return status == PM_EMODE ? PM_OK : status;
}

pm_status pm_run_text(struct pm_run_job *j, struct pm_outfile *summary) {
    struct pm_run_text_set s = {0};
    struct pm_run_text_report *r = calloc(1, sizeof *r);
    if (!r)
        return pm_fail(&j->error, PM_ENOMEM, "run", "out of memory");
    r->job = j;
    r->set = &s;
    pm_status status = load_text(j, &s);
    if (status == PM_OK)
        status = check_amounts(j, &s);
    if (status == PM_OK) {
        pm_run_print_config(j, stdout);
        fflush(stdout);
        status = measure(j, &s, r);
    }
    struct pm_results *found = status == PM_OK ? pm_run_text_results(r) : NULL;
    if (status == PM_OK && !found)
        status = pm_fail(&j->error, PM_ENOMEM, "run", "out of memory");
    if (status == PM_OK) {
        pm_run_text_print(r, found);
        if (r->golden.o.images)
            pm_run_warn(&r->golden.o.tally);
        status = pm_run_write(j, found, summary);
    }
    pm_results_free(found);
    free_text(&s);
    pm_run_outcome_free(&r->golden.o);
    pm_run_outcome_free(&r->rtl.o);
    for (unsigned v = 0; v < r->variants; v++)
        pm_run_outcome_free(&r->varied[v].o);
    free(r);
    return status;
}
