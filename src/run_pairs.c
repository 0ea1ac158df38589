// SPDX-License-Identifier: Apache-2.0
/* `perimeter run --pairs`: sentences through an encoder, in float and in integers. */
#include "run_pairs.h"

#include "rank_correlation.h"
#include "run_worker.h"
#include "tokens.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const unsigned pm_run_length[PM_RUN_LENGTHS] = {32, 128, UINT_MAX};

static const char *const variants[PM_RUN_PAIR_VARIANTS] = {"",
                                                           "coding-x=twos coding-q=twos coding-o=twos",
                                                           "coding-x=sign coding-q=sign coding-o=sign",
                                                           "round=0",
                                                           "norm=pow2",
                                                           "norm=none",
                                                           "kvb=8",
                                                           "wo-scale=layer",
                                                           "ffn=int8",
                                                           "ffn=int8 wo-scale=layer",
                                                           "ffn=int8 round=0"};

/* Sentences and what the float network makes of them. */
struct set {
    struct pm_pairs pairs;
    struct pm_tokens tokens;
    struct pm_encoder_input *input; /* [2 * pairs], without padding */
    float *embedding;               /* [2 * pairs][width] */
};

/* A pass over sentences in groups that are padded to their longest; every thread has its own buffers. */
struct embed {
    struct pm_run_job *j;
    const struct pm_encoder_input *input;
    unsigned count;
    const char *what;
    bool engines; /* or in float */
    float *out;   /* [count][width] */
};

static pm_status embed_group(struct pm_run_worker *w, const struct embed *p, unsigned from, unsigned to,
                             uint32_t *ids, uint8_t *keep) {
    const size_t width = p->j->network.config.width;
    unsigned longest = 0;
    pm_status status = PM_OK;
    for (unsigned i = from; i < to; i++)
        longest = p->input[i].n > longest ? p->input[i].n : longest;
    for (unsigned i = from; i < to && status == PM_OK; i++) {
        struct pm_encoder_input padded = p->input[i];
        if (padded.n < longest) {
            memset(ids, 0, longest * sizeof *ids);
            memset(keep, 0, longest);
            memcpy(ids, padded.ids, padded.n * sizeof *ids);
            memset(keep, 1, padded.n);
            padded = (struct pm_encoder_input){.ids = ids, .keep = keep, .n = longest};
        }
        w->item = i;
        const struct pm_encoder_engines e = pm_run_worker_engines(w);
        status = pm_encoder_forward(&p->j->network, &padded, p->engines ? &e : NULL, w->scratch,
                                    p->out + i * width);
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

static void collect(struct pm_run_embedding *g, const struct pm_run_worker *w, unsigned layers) {
    for (unsigned l = 0; l < layers; l++) {
        pm_attention_cost_add(&g->layer[l], &w->cost[l]);
        for (unsigned i = 0; i < PM_RUN_NE; i++)
            g->ne[l][i] += w->ne[l][i];
    }
    pm_hyflex_linear_cost_add(&g->arrays, &w->arrays);
}

/* Embeddings to p->out, costs and the time without the engines' programming to *g. */
static pm_status embed_with(const struct embed *p, const struct pm_run_matrices *matrices, const int *log2_z,
                            struct pm_run_embedding *g) {
    struct pm_run_job *j = p->j;
    const double *v = j->settings.value;
    const unsigned tokens = j->network.config.tokens, batch = (unsigned)v[PM_RUN_BATCH];
    const unsigned groups = (p->count + batch - 1) / batch;
    unsigned threads = v[PM_RUN_THREADS] > 0 ? (unsigned)v[PM_RUN_THREADS] : (unsigned)omp_get_num_procs(),
             done = 0;
    threads = threads > groups ? groups : threads;
    struct pm_run_worker *workers = calloc(threads, sizeof *workers);
    uint32_t *ids = malloc((size_t)threads * tokens * sizeof *ids);
    uint8_t *keep = malloc((size_t)threads * tokens);
    pm_status status = workers && ids && keep ? PM_OK : PM_ENOMEM;
    for (unsigned t = 0; t < threads && status == PM_OK; t++) {
        status = pm_run_worker_begin(&workers[t], j, matrices, log2_z);
        workers[t].count_ne = p->engines;
    }
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
        collect(g, &workers[t], j->network.config.layers);
        pm_run_worker_end(&workers[t]);
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

static pm_status embed(const struct embed *p, struct pm_run_embedding *g) {
    enum { TYPICAL = 64 };
    int log2_z[PM_RUN_MAX_LAYERS] = {0};
    const bool none = p->engines && p->j->settings.value[PM_RUN_NORM] == PM_NORM_NONE;
    struct pm_run_matrices matrices;
    *g = (struct pm_run_embedding){0};
    pm_status status = pm_run_matrices_new(p->j, &matrices);
    if (status == PM_OK && none)
        status = pm_run_typical_z(p->j, &matrices, p->input, p->count < TYPICAL ? p->count : TYPICAL, log2_z);
    if (status == PM_OK)
        status = embed_with(p, &matrices, none ? log2_z : NULL, g);
    pm_run_matrices_free(&matrices);
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
static pm_status compare(struct pm_run_job *j, const struct set *s, const char *what, unsigned pairs,
                         const double *cosine_float, double *cosine_integer, struct pm_run_embedding *g) {
    const size_t width = j->network.config.width;
    float *out = malloc(2 * pairs * width * sizeof *out);
    if (!out)
        return pm_fail(&j->error, PM_ENOMEM, what, "out of memory");
    const struct embed p = {j, s->input, 2 * pairs, what, true, out};
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
    const struct pm_run_settings as_given = j->settings;
    const double asked = as_given.value[PM_RUN_ABLATION_PAIRS];
    const unsigned pairs = asked < r->pairs ? (unsigned)asked : r->pairs;
    double *cosines = malloc(r->pairs * sizeof *cosines);
    pm_status status = cosines ? PM_OK : pm_fail(&j->error, PM_ENOMEM, "ablations", "out of memory");
    for (unsigned v = 0; v < PM_RUN_PAIR_VARIANTS && pairs > 0 && status == PM_OK; v++) {
        r->variant[v].name = *variants[v] ? variants[v] : "as configured";
        status = pm_run_override(&j->settings, variants[v], &j->error);
        if (status == PM_OK)
            status = pm_run_map_network(j);
        if (status == PM_OK)
            status =
                compare(j, s, r->variant[v].name, pairs, r->cosine_float, cosines, &r->variant[v].golden);
        j->settings = as_given;
        r->variants = v + 1;
    }
    free(cosines);
    return status == PM_OK ? pm_run_map_network(j) : status;
}

/* Sentences of 32 tokens, cut from the set's one after the other. */
static pm_status measure_speed(struct pm_run_job *j, const struct set *s, struct pm_run_pairs *r) {
    enum { LENGTH = 32, MOST = 256 };
    const size_t ids = s->tokens.start[s->tokens.count];
    const unsigned count = ids / LENGTH < MOST ? (unsigned)(ids / LENGTH) : MOST;
    struct pm_encoder_input input[MOST];
    struct pm_run_embedding g;
    if (count == 0 || j->network.config.tokens < LENGTH)
        return PM_OK;
    for (unsigned i = 0; i < count; i++)
        input[i] = (struct pm_encoder_input){.ids = s->tokens.id + i * LENGTH, .n = LENGTH};
    float *out = malloc(count * j->network.config.width * sizeof *out);
    if (!out)
        return pm_fail(&j->error, PM_ENOMEM, "speed", "out of memory");
    const struct embed p = {j, input, count, "speed", true, out};
    const pm_status status = embed(&p, &g);
    r->sentences_per_second = count / g.seconds;
    free(out);
    return status;
}

/* One layer of the longest text, cut to rtl-tokens, and every layer of the shortest that has eight tokens (or
 * the shortest of all). */
static pm_status run_rtl(struct pm_run_job *j, const struct set *s, struct pm_run_pairs *r) {
    const unsigned most = (unsigned)j->settings.value[PM_RUN_RTL_TOKENS],
                   layer = (unsigned)j->settings.value[PM_RUN_RTL_LAYER];
    const struct pm_encoder_input *longest = s->input, *shortest = s->input;
    if (layer >= j->network.config.layers)
        return pm_fail(&j->error, PM_ERANGE, "rtl-layer", "the network has %u", j->network.config.layers);
    for (unsigned i = 1; i < 2 * r->pairs; i++) {
        const struct pm_encoder_input *in = &s->input[i];
        longest = in->n > longest->n ? in : longest;
        if ((in->n >= 8 && in->n < shortest->n) || shortest->n < 8)
            shortest = in;
    }
    r->texts = 2;
    r->text[0] = (struct pm_run_rtl_text){.input = *longest, .first = layer, .layers = 1};
    if (longest->n > most)
        r->text[0].input.n = most;
    r->text[1] = (struct pm_run_rtl_text){.input = *shortest, .layers = j->network.config.layers};
    if (shortest->n > most)
        r->text[1].input.n = most;
    return pm_run_rtl_texts(j, most, r->text, r->texts);
}

static pm_status evaluate(struct pm_run_job *j, struct set *s, struct pm_run_pairs *r) {
    const size_t width = j->network.config.width;
    const struct embed p = {j, s->input, 2 * r->pairs, "float", false, s->embedding};
    struct pm_run_embedding in_float;
    pm_status status = embed(&p, &in_float);
    r->seconds_float = in_float.seconds;
    if (status != PM_OK)
        return status;
    pair_cosines(s->embedding, r->pairs, width, r->cosine_float);
    r->spearman_float = s->pairs.score ? pm_spearman(r->cosine_float, s->pairs.score, r->pairs) : NAN;
    status = compare(j, s, "golden", r->pairs, r->cosine_float, r->cosine_integer, &r->golden);
    if (status == PM_OK)
        status = measure_speed(j, s, r);
    if (status == PM_OK)
        status = run_variants(j, s, r);
    if (status == PM_OK && (enum pm_engine)j->settings.value[PM_RUN_ENGINE] == PM_ENGINE_BOTH)
        status = run_rtl(j, s, r);
    return status;
}

static pm_status load(struct pm_run_job *j, struct set *s, struct pm_run_pairs *r) {
    const struct pm_encoder_config *c = &j->network.config;
    const struct pm_pairs_columns columns = {{j->column[0], j->column[1]}, j->score_column, j->header};
    pm_status status = pm_pairs_load(&s->pairs, j->pairs, &columns, &j->error);
    if (status != PM_OK)
        return status;
    const size_t count = 2 * s->pairs.count;
    status = pm_tokens_run(&s->tokens, j->folder, s->pairs.text, count, c->vocabulary, c->tokens, &j->error);
    if (status != PM_OK)
        return status;
    s->input = calloc(count, sizeof *s->input);
    s->embedding = malloc(count * c->width * sizeof *s->embedding);
    r->pairs = (unsigned)s->pairs.count;
    r->cosine_float = calloc(r->pairs, sizeof *r->cosine_float);
    r->cosine_integer = calloc(r->pairs, sizeof *r->cosine_integer);
    if (!s->input || !s->embedding || !r->cosine_float || !r->cosine_integer)
        return pm_fail(&j->error, PM_ENOMEM, j->pairs, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const size_t from = s->tokens.start[i];
        s->input[i] = (struct pm_encoder_input){.ids = s->tokens.id + from,
                                                .n = (unsigned)(s->tokens.start[i + 1] - from)};
    }
    return PM_OK;
}

static bool write_text(FILE *f, const void *content) {
    return fputs(content, f) >= 0;
}

static pm_status deliver(struct pm_run_job *j, const struct pm_run_pairs *r, struct pm_outfile *summary) {
    if (j->summary) {
        char *json = pm_run_pairs_summary(j, r);
        if (!json)
            return pm_fail(&j->error, PM_ENOMEM, j->summary, "out of memory");
        const void *content[] = {json};
        const pm_status status = pm_outfile_write_all(summary, 1, write_text, content, &j->error);
        free(json);
        if (status != PM_OK)
            return status;
    }
    pm_run_pairs_print(j, r, stderr);
    for (unsigned i = 0; i < r->pairs; i++)
        printf("%.6f\t%.6f\n", r->cosine_float[i], r->cosine_integer[i]);
    return fflush(stdout) == 0 ? PM_OK : pm_fail(&j->error, PM_EIO, "standard output", "cannot be written");
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
    free(r);
    return status;
}
