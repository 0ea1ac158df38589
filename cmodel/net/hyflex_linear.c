// SPDX-License-Identifier: Apache-2.0
#include "net/hyflex_linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/int8_linear.h"

/* One matrix w[in][out], or one of two factors. Its arrays split the outputs of the first factor and the
 * inputs of the second: part 0 has the first `split` of them, in 1-bit cells. */
struct stage {
    unsigned in, out, split;
    bool split_inputs;
    struct pm_hyflex *part[2]; /* NULL: empty */
    float *scale;              /* [out] */
};

struct pm_hyflex_linear {
    unsigned stages;
    struct stage stage[2];
    float *bias;
};

/* w[in][out] to int8, a scale for each output. */
static void quantise_weights(const float *w, unsigned in, unsigned out, int8_t *q, float *scale) {
    for (unsigned o = 0; o < out; o++) {
        scale[o] = pm_int8_scale(w + o, in, out);
        for (unsigned i = 0; i < in; i++)
            q[(size_t)i * out + o] = (int8_t)lrintf(w[(size_t)i * out + o] / scale[o]);
    }
}

static pm_status program_part(const struct pm_hyflex_linear_cfg *cfg, struct stage *s, unsigned part,
                              unsigned cell, const int8_t *q, uint32_t *array_id) {
    const unsigned dim = s->split_inputs ? s->in : s->out;
    const unsigned from = part ? s->split : 0, to = part ? dim : s->split;
    const unsigned rows = s->split_inputs ? to - from : s->in, outputs = s->split_inputs ? s->out : to - from;
    if (from == to)
        return PM_OK;
    int8_t *w = malloc((size_t)rows * outputs);
    if (w == NULL)
        return PM_ENOMEM;
    const int8_t *first = q + (s->split_inputs ? (size_t)from * s->out : from);
    for (unsigned r = 0; r < rows; r++)
        memcpy(w + (size_t)r * outputs, first + (size_t)r * s->out, outputs);
    struct pm_hyflex_cfg array = cfg->array;
    array.cell = cell;
    array.adc = cfg->adc[cell - 1];
    const pm_status status = pm_hyflex_new(&array, w, rows, outputs, *array_id, &s->part[part]);
    if (status == PM_OK)
        *array_id += pm_hyflex_row_tiles(s->part[part]) * pm_hyflex_col_tiles(s->part[part]);
    free(w);
    return status;
}

/* Programs w[in][out] into s, whose in, out, split and split_inputs are set. */
static pm_status program(const struct pm_hyflex_linear_cfg *cfg, struct stage *s, const float *w,
                         uint32_t *array_id) {
    int8_t *q = malloc((size_t)s->in * s->out);
    s->scale = malloc(s->out * sizeof *s->scale);
    pm_status status = q != NULL && s->scale != NULL ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        quantise_weights(w, s->in, s->out, q, s->scale);
    for (unsigned part = 0; part < 2 && status == PM_OK; part++)
        status = program_part(cfg, s, part, part + 1, q, array_id);
    free(q);
    return status;
}

/* The whole matrix, in part 0 or in part 1. */
static pm_status program_whole(const struct pm_hyflex_linear_cfg *cfg, const struct pm_encoder_linear *l,
                               uint32_t *array_id, struct pm_hyflex_linear *h) {
    float *w = malloc((size_t)l->in * l->out * sizeof *w);
    if (w == NULL)
        return PM_ENOMEM;
    for (unsigned o = 0; o < l->out; o++)
        for (unsigned i = 0; i < l->in; i++)
            w[(size_t)i * l->out + o] = l->weight[(size_t)o * l->in + i];
    h->stages = 1;
    h->stage[0] =
        (struct stage){.in = l->in, .out = l->out, .split = cfg->layout == PM_HYFLEX_SLC ? l->out : 0};
    const pm_status status = program(cfg, &h->stage[0], w, array_id);
    free(w);
    return status;
}

static pm_status program_ranks(const struct pm_hyflex_linear_cfg *cfg, const struct pm_encoder_linear *l,
                               uint32_t *array_id, struct pm_hyflex_linear *h) {
    const unsigned k = pm_rank_count(l->in, l->out), split = cfg->slc_percent * k / 100;
    float *a = malloc((size_t)l->in * k * sizeof *a), *b = malloc((size_t)k * l->out * sizeof *b);
    float *sorted_a = malloc((size_t)l->in * k * sizeof *a),
          *sorted_b = malloc((size_t)k * l->out * sizeof *b);
    pm_status status = a && b && sorted_a && sorted_b ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = pm_rank_factor(l->weight, l->in, l->out, k, a, b);
    if (status == PM_OK) {
        for (unsigned r = 0; r < k; r++) {
            for (unsigned i = 0; i < l->in; i++)
                sorted_a[(size_t)i * k + r] = a[(size_t)i * k + cfg->order[r]];
            memcpy(sorted_b + (size_t)r * l->out, b + (size_t)cfg->order[r] * l->out, l->out * sizeof *b);
        }
        h->stages = 2;
        h->stage[0] = (struct stage){.in = l->in, .out = k, .split = split};
        h->stage[1] = (struct stage){.in = k, .out = l->out, .split = split, .split_inputs = true};
        status = program(cfg, &h->stage[0], sorted_a, array_id);
    }
    if (status == PM_OK)
        status = program(cfg, &h->stage[1], sorted_b, array_id);
    free(a);
    free(b);
    free(sorted_a);
    free(sorted_b);
    return status;
}

pm_status pm_hyflex_linear_new(const struct pm_hyflex_linear_cfg *cfg, const struct pm_encoder_linear *l,
                               uint32_t *array_id, struct pm_hyflex_linear **linear) {
    *linear = NULL;
    const bool ranks = cfg->layout == PM_HYFLEX_RANKS;
    if (cfg->slc_percent > 100 || (ranks && cfg->order == NULL))
        return PM_EINVAL;
    struct pm_hyflex_linear *h = calloc(1, sizeof *h);
    if (h == NULL)
        return PM_ENOMEM;
    h->bias = malloc(l->out * sizeof *h->bias);
    pm_status status = PM_ENOMEM;
    if (h->bias != NULL) {
        memcpy(h->bias, l->bias, l->out * sizeof *h->bias);
        status = ranks ? program_ranks(cfg, l, array_id, h) : program_whole(cfg, l, array_id, h);
    }
    if (status == PM_OK)
        *linear = h;
    else
        pm_hyflex_linear_free(h);
    return status;
}

void pm_hyflex_linear_free(struct pm_hyflex_linear *h) {
    if (h == NULL)
        return;
    for (unsigned s = 0; s < 2; s++) {
        pm_hyflex_free(h->stage[s].part[0]);
        pm_hyflex_free(h->stage[s].part[1]);
        free(h->stage[s].scale);
    }
    free(h->bias);
    free(h);
}

void pm_hyflex_linear_cost_add(struct pm_hyflex_linear_cost *sum, const struct pm_hyflex_linear_cost *cost) {
    pm_hyflex_cost_add(&sum->cell[0], &cost->cell[0]);
    pm_hyflex_cost_add(&sum->cell[1], &cost->cell[1]);
    sum->cycles += cost->cycles;
}

/* A vector to int8; returns its scale. */
static float quantise(const float *x, unsigned n, int8_t *q) {
    const float scale = pm_int8_scale(x, n, 1);
    for (unsigned i = 0; i < n; i++)
        q[i] = (int8_t)lrintf(x[i] / scale);
    return scale;
}

struct buffers {
    int8_t *x;
    float *scale; /* [n] of the vectors */
    int32_t *y;   /* one part's results */
    float *rank;  /* [n][k] between the factors */
};

/* One part's vectors: y32[n][outputs], added up in y[n][out] in float. */
static pm_status run_part(const struct stage *s, unsigned part, size_t n, uint32_t first_vector,
                          const struct buffers *b, float *y, struct pm_hyflex_cost *cost,
                          pm_hyflex_watch *watch, void *ctx) {
    const struct pm_hyflex *h = s->part[part];
    const unsigned outputs = pm_hyflex_outputs(h), from = part ? s->split : 0;
    const int8_t *x = b->x + (s->split_inputs ? from : 0);
    const unsigned first = s->split_inputs ? 0 : from;
    pm_status status = pm_hyflex_gemm(h, x, s->in, (unsigned)n, first_vector, b->y, cost);
    if (status != PM_OK)
        return status;
    if (watch != NULL) {
        status = watch(ctx, h, x, s->in, n, first_vector, b->y);
        if (status != PM_OK)
            return status;
    }
    for (size_t t = 0; t < n; t++)
        for (unsigned o = 0; o < outputs; o++)
            y[t * s->out + first + o] += (float)b->y[t * outputs + o] * (b->scale[t] * s->scale[first + o]);
    return PM_OK;
}

static pm_status run_stage(const struct stage *s, size_t n, const float *x, uint32_t first_vector,
                           const struct buffers *b, float *y, struct pm_hyflex_linear_cost *cost,
                           pm_hyflex_watch *watch, void *ctx) {
    uint64_t slowest = 0;
    for (size_t t = 0; t < n; t++)
        b->scale[t] = quantise(x + t * s->in, s->in, b->x + t * s->in);
    for (unsigned part = 0; part < 2; part++) {
        struct pm_hyflex_cost c = {0};
        if (s->part[part] == NULL)
            continue;
        const pm_status status = run_part(s, part, n, first_vector, b, y, &c, watch, ctx);
        if (status != PM_OK)
            return status;
        slowest = c.cycles > slowest ? c.cycles : slowest;
        if (cost != NULL)
            pm_hyflex_cost_add(&cost->cell[part], &c);
    }
    if (cost != NULL)
        cost->cycles += slowest;
    return PM_OK;
}

pm_status pm_hyflex_linear_run(const struct pm_hyflex_linear *h, size_t n, const float *x,
                               uint32_t first_vector, float *y, struct pm_hyflex_linear_cost *cost,
                               pm_hyflex_watch *watch, void *ctx) {
    const struct stage *first = &h->stage[0], *last = &h->stage[h->stages - 1];
    const size_t in = first->in > last->in ? first->in : last->in;
    const size_t out = first->out > last->out ? first->out : last->out;
    struct buffers b = {malloc(n * in), malloc(n * sizeof(float)), malloc(n * out * sizeof(int32_t)),
                        calloc(n * first->out, sizeof(float))};
    pm_status status = b.x && b.scale && b.y && b.rank ? PM_OK : PM_ENOMEM;
    if (status == PM_OK && h->stages == 2)
        status = run_stage(first, n, x, first_vector, &b, b.rank, cost, watch, ctx);
    if (status == PM_OK) {
        for (size_t t = 0; t < n; t++)
            memcpy(y + t * last->out, h->bias, last->out * sizeof *y);
        status = run_stage(last, n, h->stages == 2 ? b.rank : x, first_vector, &b, y, cost, watch, ctx);
    }
    free(b.x);
    free(b.scale);
    free(b.y);
    free(b.rank);
    return status;
}
