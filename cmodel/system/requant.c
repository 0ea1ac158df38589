// SPDX-License-Identifier: Apache-2.0
/* What FLARE's integer attention is held against (Fig. 15): 8-bit integer products with float between them,
 * so that every product's operands are quantised and its sums dequantised again. Tokens, heads' rows of q, k
 * and attention weights have a scale each, a head's v one of its own. */
#include <math.h>
#include <stdlib.h>

#include "net/layers.h"
#include "system/int8.h"
#include "system/system.h"

extern const struct pm_system pm_system_requant;

enum { Q, K, V, O, MATRICES };

struct layer {
    const struct pm_node *node;
    struct pm_int8_linear *matrix[MATRICES];
};

static void free_layer(void *layer) {
    struct layer *l = layer;
    for (int m = 0; m < MATRICES; m++)
        pm_int8_linear_free(l->matrix[m]);
    free(l);
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    (void)site, (void)s, (void)e;
    const struct pm_matrix *const matrix[MATRICES] = {node->attention.q, node->attention.k, node->attention.v,
                                                      node->attention.o};
    struct layer *l = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    *layer = l;
    l->node = node;
    for (int m = 0; m < MATRICES; m++)
        if ((l->matrix[m] = pm_int8_linear_new(matrix[m])) == NULL)
            return PM_ENOMEM;
    return PM_OK;
}

struct state {
    float *x, *part[3], *heads, *row; /* [n][D], and a row of scores [n] */
    int16_t *q[3], *a;                /* [n][d_k] of a head; [n] */
    float *scale[2];                  /* [n] of its q and k */
};

static void end(void *state) {
    struct state *t = state;
    void *all[] = {t->x,    t->part[0], t->part[1], t->part[2], t->heads,    t->row,
                   t->q[0], t->q[1],    t->q[2],    t->a,       t->scale[0], t->scale[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(t);
}

static pm_status begin(const void *layer, unsigned tokens, void **state) {
    const struct pm_node *node = ((const struct layer *)layer)->node;
    const size_t n = tokens, d = node->width, d_k = d / node->attention.heads;
    struct state *t = calloc(1, sizeof *t);
    if (!t)
        return PM_ENOMEM;
    *state = t;
    t->x = malloc(n * d * sizeof *t->x);
    t->heads = malloc(n * d * sizeof *t->heads);
    t->row = malloc(n * sizeof *t->row);
    t->a = malloc(n * sizeof *t->a);
    bool ok = t->x && t->heads && t->row && t->a;
    for (int m = 0; m < 3; m++) {
        t->part[m] = malloc(n * d * sizeof *t->part[m]);
        t->q[m] = malloc(n * d_k * sizeof *t->q[m]);
        ok = ok && t->part[m] && t->q[m];
    }
    for (int m = 0; m < 2; m++) {
        t->scale[m] = malloc(n * sizeof *t->scale[m]);
        ok = ok && t->scale[m];
    }
    return ok ? PM_OK : PM_ENOMEM;
}

static void quantise(const float *x, unsigned n, float scale, int16_t *y) {
    for (unsigned i = 0; i < n; i++)
        y[i] = (int16_t)rintf(x[i] / scale);
}

/* One head's columns of q, k and v: each token's q and k at its scale, v at one, which it returns. */
static float quantise_head(const struct state *t, unsigned n, unsigned d, unsigned d_k, size_t head) {
    float largest = 0;
    for (int m = 0; m < 2; m++)
        for (size_t i = 0; i < n; i++) {
            t->scale[m][i] = pm_int8_scale(t->part[m] + i * d + head, d_k, 1);
            quantise(t->part[m] + i * d + head, d_k, t->scale[m][i], t->q[m] + i * d_k);
        }
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, pm_int8_scale(t->part[V] + i * d + head, d_k, 1));
    for (size_t i = 0; i < n; i++)
        quantise(t->part[V] + i * d + head, d_k, largest, t->q[V] + i * d_k);
    return largest;
}

/* A token's row of one head: integer scores, float softmax, 8-bit weights without sign, integer sums. */
static void attend(const struct state *t, const struct pm_operands *o, unsigned d_k, float scale_v, size_t i,
                   float *y) {
    float largest = 0;
    for (size_t j = 0; j < o->n; j++) {
        int32_t sum = 0;
        for (size_t c = 0; c < d_k; c++)
            sum += t->q[Q][i * d_k + c] * t->q[K][j * d_k + c];
        t->row[j] = (float)sum * (t->scale[Q][i] * t->scale[K][j]) / sqrtf((float)d_k);
    }
    pm_softmax(t->row, o->keep, o->n);
    for (size_t j = 0; j < o->n; j++)
        largest = fmaxf(largest, t->row[j]);
    quantise(t->row, o->n, largest / 255, t->a);
    for (size_t c = 0; c < d_k; c++) {
        int32_t sum = 0;
        for (size_t j = 0; j < o->n; j++)
            sum += t->a[j] * t->q[V][j * d_k + c];
        y[c] = (float)sum * (largest / 255 * scale_v);
    }
}

static void count(struct pm_counts *c, uint64_t n, uint64_t d, uint64_t heads) {
    c->of[PM_COUNT_VECTORS] += n;
    /* Quantised: x, q, k, v, the attention weights, o. Dequantised: q, k, v, the scores, A*V, y. */
    c->of[PM_COUNT_RESCALED] += 10 * n * d + 2 * heads * n * n;
    c->of[PM_COUNT_MOVED] += 8 * (6 * n * d + 2 * heads * n * n);
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    const struct layer *l = layer;
    const struct state *t = state;
    const struct pm_operands *o = &r->operands;
    const unsigned d = l->node->width, heads = l->node->attention.heads, d_k = d / heads;
    pm_status status = PM_OK;
    pm_layernorm(l->node->attention.norm, o->n, o->x, t->x);
    for (int m = 0; m < 3 && status == PM_OK; m++)
        status = pm_int8_linear_run(l->matrix[m], o->n, t->x, t->part[m]);
    for (size_t head = 0; head < d && status == PM_OK; head += d_k) {
        const float scale_v = quantise_head(t, o->n, d, d_k, head);
        for (size_t i = 0; i < o->n; i++)
            attend(t, o, d_k, scale_v, i, t->heads + i * d + head);
    }
    if (status == PM_OK)
        status = pm_int8_linear_run(l->matrix[O], o->n, t->heads, o->y);
    if (status == PM_OK && r->counts)
        count(r->counts, o->n, d, heads);
    return status;
}

static const char *const parts[] = {"whole", NULL};

static const struct pm_variant variants[] = {{"attn*=requant", NULL, PM_OF_IMAGES}, {0}};

const struct pm_system pm_system_requant = {
    .name = "requant",
    .summary = "an attention in 8-bit integers with float between its products: what FLARE compares with",
    .title = "integers, dequantised and quantised",
    .variants = variants,
    .takes = PM_TAKES(PM_NODE_ATTENTION),
    .parts = parts,
    .place = place,
    .free = free_layer,
    .begin = begin,
    .end = end,
    .run = run,
};
