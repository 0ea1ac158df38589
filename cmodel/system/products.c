// SPDX-License-Identifier: Apache-2.0
/* The two products of attention's heads on crossbars, which are written anew for every image: q k^T with a
 * head's keys in the cells, A v with its values (Pelke et al., arXiv 2601.21737, "MatMul"). Each operand has
 * a scale of its own in every image and head, so that its largest is the largest integer; softmax is the
 * host's. */
#include "system/products.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/error.h"
#include "system/integer.h"

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("qk-w", 2, 8, "8"), .help = "bits of a key"},
    {PM_SET_INTEGER("qk-a", 2, 8, "8"), .help = "bits of a query"},
    {PM_SET_INTEGER("av-w", 2, 8, "8"), .help = "bits of a value"},
    {PM_SET_INTEGER("av-a", 1, 8, "8"), .help = "bits of what softmax gives"},
    {PM_SET_INTEGER("cell", 1, 4, "4"), .help = "bits a cell"},
    {PM_SET_INTEGER("rows", 16, PM_XBAR_MAX_ROWS, "256"), .help = "wordlines of a crossbar"},
    {PM_SET_INTEGER("cols", 2, 4096, "256"), .help = "its columns, even: pairs stay together"},
    {PM_SET_INTEGER("adc", 0, 16, "0"), .help = "bits of a converter, 2..16; 0: ideal"},
    {0},
};
static const struct pm_setting_list list = {"products", settings};
PM_SETTING_LIST(list);

enum product { QK, AV, PRODUCTS };

struct layer {
    struct pm_xbar_cfg cfg[PRODUCTS];
    unsigned width, heads, tokens;
};

/* Of one head of one image. */
struct state {
    float *x, *y;     /* [tokens][largest of a head's width and tokens] */
    int16_t *w;       /* [rows][outputs] */
    int32_t *xq;      /* as x */
    int64_t *product; /* as y */
};

static unsigned rows_of(const struct layer *l, enum product p) {
    return p == QK ? l->width / l->heads : l->tokens;
}

static unsigned outputs_of(const struct layer *l, enum product p) {
    return rows_of(l, p == QK ? AV : QK);
}

unsigned pm_products_rows(const void *layer) {
    const struct layer *l = layer;
    const unsigned qk = rows_of(l, QK), av = rows_of(l, AV), most = qk > av ? qk : av;
    return most < l->cfg[QK].rows ? most : l->cfg[QK].rows;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    static const char *const key[PRODUCTS][2] = {{"qk-w", "qk-a"}, {"av-w", "av-a"}};
    if (node->causal)
        return pm_fail(e, PM_EINVAL, node->name,
                       "products are of heads that see all tokens, not of a decoder's");
    struct layer *l = *layer = calloc(1, sizeof *l);
    if (!l)
        return PM_ENOMEM;
    if (node->causal || (node->kv_heads && node->kv_heads != node->heads))
        return pm_fail(
            e, PM_EINVAL, node->name,
            "products takes attentions of all tokens to all, of as many heads of keys as of queries");
    l->width = node->width;
    l->heads = node->heads;
    l->tokens = site->graph->tokens;
    for (int p = 0; p < PRODUCTS; p++) {
        struct pm_xbar_cfg *c = &l->cfg[p];
        *c = pm_xbar_default();
        c->wbits = (unsigned)pm_settings_int(s, key[p][0]);
        c->abits = (unsigned)pm_settings_int(s, key[p][1]);
        c->cell = (unsigned)pm_settings_int(s, "cell");
        c->rows = (unsigned)pm_settings_int(s, "rows");
        c->cols = (unsigned)pm_settings_int(s, "cols");
        c->adc = (unsigned)pm_settings_int(s, "adc");
        c->is_signed = p == QK;
        if (pm_xbar_check(c) != PM_OK)
            return c->cols % 2
                       ? pm_fail(e, PM_EINVAL, "products.cols", "%u is odd; pairs stay together", c->cols)
                       : pm_fail(e, PM_EINVAL, "products.adc", "a converter has 2..16 bits; 0: ideal");
    }
    return PM_OK;
}

/* Row and column tiles of a product of one head in cells of `bits`. */
static uint64_t tiles(const struct layer *l, enum product p, unsigned slices) {
    const struct pm_xbar_cfg *c = &l->cfg[p];
    const unsigned pairs = outputs_of(l, p) * slices;
    return (uint64_t)((rows_of(l, p) + c->rows - 1) / c->rows) * ((2 * pairs + c->cols - 1) / c->cols);
}

static void hold(const void *layer, struct pm_held *held) {
    const struct layer *l = layer;
    for (int p = 0; p < PRODUCTS; p++) {
        held->arrays += l->heads * tiles(l, p, pm_xbar_slices(&l->cfg[p]));
        held->plain += l->heads * tiles(l, p, l->cfg[p].wbits);
    }
}

static void end(void *state) {
    struct state *t = state;
    free(t->x);
    free(t->y);
    free(t->w);
    free(t->xq);
    free(t->product);
    free(t);
}

static pm_status begin(const void *layer, unsigned tokens, void **state) {
    const struct layer *l = layer;
    const size_t dk = l->width / l->heads, most = (size_t)tokens * (dk > tokens ? dk : tokens);
    struct state *t = *state = calloc(1, sizeof *t);
    if (!t)
        return PM_ENOMEM;
    t->x = malloc(most * sizeof *t->x);
    t->y = malloc(most * sizeof *t->y);
    t->w = malloc(tokens * dk * sizeof *t->w);
    t->xq = malloc(most * sizeof *t->xq);
    t->product = malloc(most * sizeof *t->product);
    return t->x && t->y && t->w && t->xq && t->product ? PM_OK : PM_ENOMEM;
}

/* The largest of x[n][width] without padding, over the largest integer. */
static float scale_of(const float *x, size_t stride, size_t n, size_t width, const uint8_t *keep, int most) {
    float largest = 0;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < width && (!keep || keep[t]); i++)
            largest = fabsf(x[t * stride + i]) > largest ? fabsf(x[t * stride + i]) : largest;
    return largest > 0 ? largest / (float)most : 1;
}

static int whole(float x, float scale, float most) {
    float v = x / scale;
    v = v < most ? v : most;
    v = v > -most ? v : -most;
    return pm_integer_nearest(v);
}

/* y[n][outputs] = x[n][rows] w in integers and back; w's token j, row `stride` floats apart, is a column of q
 * k^T and a row of A v. */
static pm_status multiply(const struct layer *l, const struct state *t, enum product p, const float *w,
                          const struct pm_run_of *r, struct pm_xbar_cost *cost) {
    const struct pm_xbar_cfg *c = &l->cfg[p];
    const unsigned n = r->operands.n, dk = l->width / l->heads, rows = p == QK ? dk : n;
    const unsigned outputs = p == QK ? n : dk;
    const uint8_t *keep = r->operands.keep;
    const int most_x = (1 << (c->abits - c->is_signed)) - 1, most_w = (1 << (c->wbits - 1)) - 1;
    const float of_x = scale_of(t->x, rows, n, rows, keep, most_x),
                of_w = scale_of(w, l->width, n, dk, keep, most_w);
    for (size_t i = 0; i < (size_t)n * rows; i++)
        t->xq[i] = whole(t->x[i], of_x, (float)most_x);
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = 0; i < dk; i++)
            t->w[p == QK ? i * n + j : j * dk + i] =
                (int16_t)(keep && !keep[j] ? 0 : whole(w[(size_t)j * l->width + i], of_w, (float)most_w));
    struct pm_xbar *h;
    pm_status status = pm_xbar_new(c, t->w, rows, outputs, 0, &h);
    if (status != PM_OK)
        return status;
    const struct pm_xbar_cost before = *cost;
    status = pm_xbar_gemm(h, t->xq, rows, n, 0, t->product, cost);
    for (size_t i = 0; i < (size_t)n * outputs && status == PM_OK; i++)
        t->y[i] = (float)t->product[i] * (of_x * of_w);
    if (status == PM_OK && r->watch)
        status = r->watch->done(r->watch->ctx,
                                &(struct pm_xbar_run){h, n, 0, t->xq, t->product, cost->clips - before.clips,
                                                      cost->clocks - before.clocks});
    pm_xbar_free(h);
    return status;
}

static pm_status run_head(const struct layer *l, struct state *t, unsigned head, const struct pm_run_of *r,
                          struct pm_xbar_cost *cost) {
    const struct pm_operands *o = &r->operands;
    const size_t dk = l->width / l->heads, at = head * dk;
    const float root = 1 / sqrtf((float)dk);
    for (size_t i = 0; i < o->n; i++)
        memcpy(t->x + i * dk, o->x + i * l->width + at, dk * sizeof *t->x);
    pm_status status = multiply(l, t, QK, o->more[0] + at, r, cost);
    for (size_t i = 0; i < (size_t)o->n * o->n && status == PM_OK; i++)
        t->x[i] = t->y[i] * root;
    for (size_t i = 0; i < o->n && status == PM_OK; i++)
        pm_softmax(t->x + i * o->n, o->keep, o->n);
    if (status == PM_OK)
        status = multiply(l, t, AV, o->more[1] + at, r, cost);
    for (size_t i = 0; i < o->n && status == PM_OK; i++)
        memcpy(o->y + i * l->width + at, t->y + i * dk, dk * sizeof *t->y);
    return status;
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    const struct layer *l = layer;
    struct pm_xbar_cost cost = {0};
    pm_status status = PM_OK;
    for (unsigned head = 0; head < l->heads && status == PM_OK; head++)
        status = run_head(l, state, head, r, &cost);
    if (status != PM_OK || !r->counts)
        return status;
    r->counts->of[PM_COUNT_VECTORS] += cost.vectors;
    r->counts->of[PM_COUNT_READS] += cost.reads;
    r->counts->of[PM_COUNT_CONVERSIONS] += cost.conversions;
    r->counts->of[PM_COUNT_CLIPS] += cost.clips;
    r->counts->of[PM_COUNT_CLOCKS] += cost.clocks / l->heads; /* side by side */
    r->counts->of[PM_COUNT_WRITES] += 2 * (uint64_t)r->operands.n * l->width;
    return PM_OK;
}

static const char *const parts[] = {"crossbars", NULL};

const struct pm_system pm_system_products = {
    .name = "products",
    .summary = "q k^T and A v of attention on crossbars, written for every image",
    .title = "attention's products on crossbars",
    .settings = &list,
    .takes = PM_TAKES(PM_NODE_HEADS),
    .parts = parts,
    .place = place,
    .free = free,
    .hold = hold,
    .begin = begin,
    .end = end,
    .run = run,
};
