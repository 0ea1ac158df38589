// SPDX-License-Identifier: Apache-2.0
/* `perimeter run --pairs`: sentences through an encoder, in float and in integers. */
#include "run_pairs.h"

#include "rank_correlation.h"
#include "tokens.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const unsigned pm_run_length[PM_RUN_LENGTHS] = {32, 128, UINT_MAX};

/* Sentences and what the float network makes of them. */
struct set {
    struct pm_pairs pairs;
    struct pm_tokens tokens;
    struct pm_graph_input *input; /* [2 * pairs], without padding */
    float *embedding;             /* [2 * pairs][width] */
};

/* A pass over sentences in groups that are padded to their longest; every thread has its own buffers. */
struct embed {
    struct pm_run_job *j;
    const struct pm_graph_input *input;
    unsigned count;
    const char *what;
    const struct pm_plan *plan; /* NULL: in float */
    float *out;                 /* [count][width] */
};

static pm_status embed_group(struct pm_worker *w, const struct embed *p, unsigned from, unsigned to,
                             uint32_t *ids, uint8_t *keep) {
    const size_t width = pm_graph_outputs(w->graph);
    unsigned longest = 0;
    pm_status status = PM_OK;
    for (unsigned i = from; i < to; i++)
        longest = p->input[i].n > longest ? p->input[i].n : longest;
    for (unsigned i = from; i < to && status == PM_OK; i++) {
        struct pm_graph_input padded = p->input[i];
        if (padded.n < longest) {
            memset(ids, 0, longest * sizeof *ids);
            memset(keep, 0, longest);
            memcpy(ids, padded.ids, padded.n * sizeof *ids);
            memset(keep, 1, padded.n);
            padded = (struct pm_graph_input){.ids = ids, .keep = keep, .n = longest};
        }
        w->item = i;
        status = pm_worker_run(w, &padded, p->out + i * width);
    }
    return status;
}

static uint64_t padding(const struct embed *p, unsigned batch) {
    uint64_t tokens = 0;
    for (unsigned at = 0; at < p->count; at += batch) {
        unsigned longest = 0;
        const unsigned to = p->count - at < batch ? p->count : at + batch;
        for (unsigned i = at; i < to; i++)
            longest = p->input[i].n > longest ? p->input[i].n : longest;
        for (unsigned i = at; i < to; i++)
            tokens += longest - p->input[i].n;
    }
    return tokens;
}

/* Embeddings to p->out, costs and the time without the layers' programming to *g. */
static pm_status embed_with(const struct embed *p, const struct pm_placement *placement,
                            struct pm_run_embedding *g) {
    struct pm_run_job *j = p->j;
    const struct pm_graph *graph = j->network.graph;
    const unsigned tokens = graph->tokens, batch = (unsigned)pm_settings_int(j->settings, "batch");
    const unsigned groups = (p->count + batch - 1) / batch;
    unsigned threads = pm_run_threads(j), done = 0;
    threads = threads > groups ? groups : threads;
    struct pm_worker *workers = calloc(threads, sizeof *workers);
    uint32_t *ids = malloc((size_t)threads * tokens * sizeof *ids);
    uint8_t *keep = malloc((size_t)threads * tokens);
    pm_status status = workers && ids && keep ? pm_tally_new(&g->tally, graph, placement) : PM_ENOMEM;
    for (unsigned t = 0; t < threads && status == PM_OK; t++)
        status = pm_worker_begin(&workers[t], graph, placement, tokens);
    if (status != PM_OK)
        pm_fail(&j->error, status, p->what, "%s", pm_strerror(status));
    const double start = omp_get_wtime();
    if (status == PM_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
        for (unsigned i = 0; i < groups; i++) {
            const unsigned t = (unsigned)omp_get_thread_num();
            const unsigned from = i * batch, to = p->count - from < batch ? p->count : from + batch;
            if (workers[t].status == PM_OK)
                workers[t].status = embed_group(&workers[t], p, from, to, ids + (size_t)t * tokens,
                                                keep + (size_t)t * tokens);
#pragma omp critical
            pm_run_progress(p->what, ++done, groups);
        }
    }
    g->seconds = omp_get_wtime() - start;
    for (unsigned t = 0; workers && t < threads; t++) {
        if (status == PM_OK && workers[t].status != PM_OK)
            status = pm_fail(&j->error, workers[t].status, p->what, "%s", pm_strerror(workers[t].status));
        if (status == PM_OK)
            pm_tally_add(&g->tally, &workers[t]);
        pm_worker_end(&workers[t]);
    }
    g->sentences = p->count;
    g->padding = padding(p, batch);
    for (unsigned i = 0; i < p->count; i++)
        g->tokens += p->input[i].n;
    free(workers);
    free(ids);
    free(keep);
    return status;
}

/* *g needs pm_tally_free in any case. */
static pm_status embed(const struct embed *p, struct pm_run_embedding *g) {
    enum { TYPICAL = 64 };
    struct pm_placement *placement = NULL;
    *g = (struct pm_run_embedding){0};
    pm_status status = p->plan ? pm_run_place(p->j, p->plan, &placement) : PM_OK;
    if (status == PM_OK && placement && pm_placement_settles(placement)) {
        status = pm_placement_settle(placement, p->input, p->count < TYPICAL ? p->count : TYPICAL);
        if (status != PM_OK)
            pm_fail(&p->j->error, status, "settling", "%s", pm_strerror(status));
    }
    if (status == PM_OK)
        status = embed_with(p, placement, g);
    pm_placement_free(placement);
    return status;
}

static double cosine(const float *a, const float *b, size_t n) {
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
        ab += (double)a[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

double pm_run_cosine_mean(const struct pm_run_embedding *g) {
    double sum = 0;
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++)
        sum += g->length[l].sum;
    return sum / g->sentences;
}

double pm_run_cosine_min(const struct pm_run_embedding *g) {
    double least = 1;
    for (unsigned l = 0; l < PM_RUN_LENGTHS; l++)
        if (g->length[l].count > 0)
            least = fmin(least, g->length[l].least);
    return least;
}

/* The cosine of each pair. */
static void pair_cosines(const float *embedding, unsigned pairs, size_t width, double *to) {
    for (unsigned i = 0; i < pairs; i++)
        to[i] = cosine(embedding + 2 * i * width, embedding + (2 * i + 1) * width, width);
}

/* The first `pairs` pairs through the engines, against the float embeddings. */
static pm_status compare(struct pm_run_job *j, const struct pm_plan *plan, const struct set *s,
                         const char *what, unsigned pairs, const double *cosine_float, double *cosine_integer,
                         struct pm_run_embedding *g) {
    const size_t width = pm_graph_outputs(j->network.graph);
    float *out = malloc(2 * pairs * width * sizeof *out);
    if (!out)
        return pm_fail(&j->error, PM_ENOMEM, what, "out of memory");
    const struct embed p = {j, s->input, 2 * pairs, what, plan, out};
    const pm_status status = embed(&p, g);
    if (status == PM_OK) {
        for (unsigned i = 0; i < 2 * pairs; i++) {
            unsigned l = 0;
            while (s->input[i].n > pm_run_length[l])
                l++;
            struct pm_run_cosines *c = &g->length[l];
            const double value = cosine(out + i * width, s->embedding + i * width, width);
            c->least = c->count == 0 ? value : fmin(c->least, value);
            c->sum += value;
            c->count++;
        }
        double squares = 0;
        pair_cosines(out, pairs, width, cosine_integer);
        for (unsigned i = 0; i < pairs; i++)
            squares += pow(cosine_integer[i] - cosine_float[i], 2);
        g->rms = sqrt(squares / pairs);
        g->spearman = s->pairs.score ? pm_spearman(cosine_integer, s->pairs.score, pairs) : NAN;
    }
    free(out);
    return status;
}

static pm_status run_variants(struct pm_run_job *j, const struct set *s, struct pm_run_pairs *r) {
    struct pm_variant variant[PM_RUN_VARIANTS];
    const int64_t asked = pm_settings_int(j->settings, "ablation-pairs");
    const unsigned pairs = asked < r->pairs ? (unsigned)asked : r->pairs,
                   count = pairs > 0 ? pm_run_variants(PM_OF_PAIRS, variant) : 0;
    double *cosines = malloc(r->pairs * sizeof *cosines);
    pm_status status = cosines ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "ablations", "out of memory");
    for (unsigned v = 0; v < count && (status == PM_OK || status == PM_EMODE); v++) {
        struct pm_plan plan;
        status = pm_run_vary(j, variant[v].text, &plan);
        if (status != PM_OK)
            continue;
        r->variant[r->variants].of = variant[v];
        status = compare(j, &plan, s, pm_run_variant_name(&variant[v]), pairs, r->cosine_float, cosines,
                         &r->variant[r->variants].golden);
        r->variants++;
        pm_plan_free(&plan);
    }
    free(cosines);
    return status == PM_EMODE ? PM_OK : status;
}

/* Sentences of 32 tokens, cut from the set's one after the other. */
static pm_status measure_speed(struct pm_run_job *j, const struct set *s, struct pm_run_pairs *r) {
    enum { LENGTH = 32, MOST = 256 };
    const size_t ids = s->tokens.start[s->tokens.count];
    const unsigned count = ids / LENGTH < MOST ? (unsigned)(ids / LENGTH) : MOST;
    struct pm_graph_input input[MOST];
    struct pm_run_embedding g;
    if (count == 0 || j->network.encoder.config.tokens < LENGTH)
        return PM_OK;
    for (unsigned i = 0; i < count; i++)
        input[i] = (struct pm_graph_input){.ids = s->tokens.id + i * LENGTH, .n = LENGTH};
    float *out = malloc(count * pm_graph_outputs(j->network.graph) * sizeof *out);
    if (!out)
        return pm_fail(&j->error, PM_ENOMEM, "speed", "out of memory");
    const struct embed p = {j, input, count, "speed", &j->plan, out};
    const pm_status status = embed(&p, &g);
    r->sentences_per_second = count / g.seconds;
    pm_tally_free(&g.tally);
    free(out);
    return status;
}

static bool attentions(const void *graph, unsigned node) {
    return ((const struct pm_graph *)graph)->node[node].kind == PM_NODE_ATTENTION;
}

/* The texts one after the other, each with the attentions of its layers watched. */
static pm_status run_texts(struct pm_run_job *j, struct pm_worker *w, struct pm_twins *t,
                           struct pm_run_pairs *r) {
    const struct pm_graph *g = w->graph;
    float *out = malloc(pm_graph_outputs(g) * sizeof *out);
    pm_status status = out ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
    for (unsigned i = 0; i < r->texts && status == PM_OK; i++) {
        struct pm_run_text *text = &r->text[i];
        w->item = i;
        pm_twins_reset(t);
        for (unsigned n = 0; n < g->nodes; n++)
            pm_twins_watch(t, n, g->node[n].layer - text->first < text->layers);
        const double start = omp_get_wtime();
        status = pm_worker_run(w, &text->input, out);
        text->seconds = omp_get_wtime() - start;
        if (status != PM_OK && status != PM_EDIFFER)
            pm_fail(&j->error, status, "rtl", "text %u: %s", i, pm_strerror(status));
        text->rtl = calloc(g->nodes, sizeof *text->rtl);
        if (status == PM_OK && !text->rtl)
            status = pm_fail(&j->error, PM_ENOMEM, "rtl", "out of memory");
        for (unsigned n = 0; n < g->nodes && status == PM_OK; n++)
            if (pm_twins_result(t, n))
                text->rtl[n] = *pm_twins_result(t, n);
        pm_run_progress("rtl", i + 1, r->texts);
    }
    free(out);
    return status;
}

/* One layer of the longest text, cut to rtl-tokens, and every layer of the shortest that has eight tokens (or
 * the shortest of all). */
static void choose_texts(const struct pm_run_job *j, const struct set *s, unsigned most,
                         struct pm_run_pairs *r) {
    const struct pm_graph_input *longest = s->input, *shortest = s->input;
    for (unsigned i = 1; i < 2 * r->pairs; i++) {
        const struct pm_graph_input *in = &s->input[i];
        longest = in->n > longest->n ? in : longest;
        if ((in->n >= 8 && in->n < shortest->n) || shortest->n < 8)
            shortest = in;
    }
    r->texts = 2;
    r->text[0] = (struct pm_run_text){
        .input = *longest, .first = (unsigned)pm_settings_int(j->settings, "rtl-layer"), .layers = 1};
    r->text[1] = (struct pm_run_text){.input = *shortest, .layers = j->network.encoder.config.layers};
    for (unsigned i = 0; i < r->texts; i++)
        if (r->text[i].input.n > most)
            r->text[i].input.n = most;
}

static pm_status run_rtl(struct pm_run_job *j, const struct set *s, struct pm_run_pairs *r) {
    const unsigned most = (unsigned)pm_settings_int(j->settings, "rtl-tokens"),
                   tokens = (most + 63) / 64 * 64;
    const struct pm_graph *g = j->network.graph;
    const struct pm_twin_report report = {"text", j->replay};
    struct pm_placement *p;
    struct pm_worker w = {0};
    struct pm_twins *twins = NULL;
    choose_texts(j, s, most, r);
    pm_status status = pm_run_place(j, &j->plan, &p);
    if (status == PM_OK && (status = pm_worker_begin(&w, g, p, tokens)) != PM_OK)
        pm_fail(&j->error, status, "rtl", "%s", pm_strerror(status));
    if (status == PM_OK)
        status = pm_twins_open(&w, tokens, &report, attentions, g, &twins, &j->error);
    if (status == PM_OK)
        status = run_texts(j, &w, twins, r);
    pm_twins_close(twins);
    pm_worker_end(&w);
    pm_placement_free(p);
    return status;
}

static pm_status evaluate(struct pm_run_job *j, struct set *s, struct pm_run_pairs *r) {
    const size_t width = pm_graph_outputs(j->network.graph);
    const struct embed p = {j, s->input, 2 * r->pairs, "float", NULL, s->embedding};
    struct pm_run_embedding in_float;
    pm_status status = embed(&p, &in_float);
    pm_tally_free(&in_float.tally);
    r->seconds_float = in_float.seconds;
    if (status != PM_OK)
        return status;
    pair_cosines(s->embedding, r->pairs, width, r->cosine_float);
    r->spearman_float = s->pairs.score ? pm_spearman(r->cosine_float, s->pairs.score, r->pairs) : NAN;
    status = compare(j, &j->plan, s, "golden", r->pairs, r->cosine_float, r->cosine_integer, &r->golden);
    if (status == PM_OK)
        status = measure_speed(j, s, r);
    if (status == PM_OK)
        status = run_variants(j, s, r);
    if (status == PM_OK && pm_settings_int(j->settings, "engine") == PM_ENGINE_BOTH)
        status = run_rtl(j, s, r);
    return status;
}

static pm_status load(struct pm_run_job *j, struct set *s, struct pm_run_pairs *r) {
    const struct pm_encoder_config *c = &j->network.encoder.config;
    const struct pm_pairs_columns columns = {
        .text = {j->column[0], j->column[1]}, .score = j->score_column, .header = j->header};
    pm_status status = pm_pairs_load(&s->pairs, j->pairs, &columns, &j->error);
    if (status != PM_OK)
        return status;
    const size_t count = 2 * s->pairs.count;
    status = pm_tokens_run(&s->tokens, j->folder, s->pairs.text, count, c->vocabulary, c->tokens,
                           (unsigned)pm_settings_int(j->settings, "tokenizer-seconds"), &j->error);
    if (status != PM_OK)
        return status;
    s->input = calloc(count, sizeof *s->input);
    s->embedding = malloc(count * pm_graph_outputs(j->network.graph) * sizeof *s->embedding);
    r->pairs = (unsigned)s->pairs.count;
    r->sentence = s->pairs.text;
    r->cosine_float = calloc(r->pairs, sizeof *r->cosine_float);
    r->cosine_integer = calloc(r->pairs, sizeof *r->cosine_integer);
    if (!s->input || !s->embedding || !r->cosine_float || !r->cosine_integer)
        return pm_fail(&j->error, PM_ENOMEM, j->pairs, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const size_t from = s->tokens.start[i];
        s->input[i] = (struct pm_graph_input){.ids = s->tokens.id + from,
                                              .n = (unsigned)(s->tokens.start[i + 1] - from)};
    }
    return PM_OK;
}

static pm_status deliver(struct pm_run_job *j, const struct pm_run_pairs *r, struct pm_outfile *summary) {
    struct pm_results *found = pm_run_pairs_results(j, r);
    if (!found)
        return pm_fail(&j->error, PM_ENOMEM, j->pairs, "out of memory");
    const pm_status status = pm_run_write(j, found, summary);
    if (status == PM_OK) {
        pm_run_pairs_print(j, r, found, stderr);
        pm_run_warn(&r->golden.tally);
    }
    pm_results_free(found);
    for (unsigned i = 0; i < r->pairs && status == PM_OK; i++)
        printf("%.6f\t%.6f\n", r->cosine_float[i], r->cosine_integer[i]);
    return status != PM_OK || fflush(stdout) == 0
               ? status
               : pm_fail(&j->error, PM_EIO, "standard output", "cannot be written");
}

pm_status pm_run_sentence_pairs(struct pm_run_job *j, struct pm_outfile *summary) {
    struct set s = {0};
    struct pm_run_pairs *r = calloc(1, sizeof *r);
    if (!r)
        return pm_fail(&j->error, PM_ENOMEM, j->pairs, "out of memory");
    pm_status status = load(j, &s, r);
    if (status == PM_OK)
        status = evaluate(j, &s, r);
    if (status == PM_OK)
        status = deliver(j, r, summary);
    pm_pairs_free(&s.pairs);
    pm_tokens_free(&s.tokens);
    free(s.input);
    free(s.embedding);
    free(r->cosine_float);
    free(r->cosine_integer);
    pm_tally_free(&r->golden.tally);
    for (unsigned v = 0; v < r->variants; v++)
        pm_tally_free(&r->variant[v].golden.tally);
    for (unsigned i = 0; i < r->texts; i++)
        free(r->text[i].rtl);
    free(r);
    return status;
}
