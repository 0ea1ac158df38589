// SPDX-License-Identifier: Apache-2.0
#include "net/graph.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct pm_graph_scratch {
    float *memory;
    float **buffer; /* [buffers] */
    float *work;    /* of heads; what is to be added to something */
    float **cache;  /* [nodes] of causal heads: keys and values [2][tokens][pm_heads_kv()] */
    unsigned held;  /* tokens that the caches have */
};

unsigned pm_graph_add(struct pm_graph *g, const struct pm_node *node) {
    if (g->nodes == g->room) {
        const unsigned room = 2 * g->room + 16;
        struct pm_node *more = realloc(g->node, room * sizeof *more);
        g->failed = g->failed || more == NULL;
        if (more == NULL)
            return 0;
        g->node = more;
        g->room = room;
    }
    g->node[g->nodes] = *node;
    return g->nodes++;
}

unsigned pm_graph_outputs(const struct pm_graph *g) {
    return g->node[g->nodes - 1].width;
}

size_t pm_graph_floats(const struct pm_graph *g, unsigned n) {
    return (size_t)pm_node_rows(&g->node[g->nodes - 1], n) * pm_graph_outputs(g);
}

unsigned pm_node_rows(const struct pm_node *node, unsigned n) {
    return node->rows > 0 ? node->rows : n;
}

bool pm_node_is_layer(const struct pm_node *node) {
    return node->name[0] != '\0';
}

static bool has_buffer(const struct pm_node *node) {
    return node->kind != PM_NODE_TABLE && node->kind != PM_NODE_ATTENTION;
}

/* The input whose place the node's value can take, PM_NO_NODE: none. */
static unsigned replaced(const struct pm_node *node) {
    switch (node->kind) {
    case PM_NODE_MATRIX:
        return node->in[1];
    case PM_NODE_ADD:
    case PM_NODE_PRODUCT:
    case PM_NODE_ROTARY:
    case PM_NODE_NORM:
    case PM_NODE_ACTIVATION:
        return node->in[0];
    default:
        return PM_NO_NODE;
    }
}

/* A buffer that is free from node `at` on, of one more. */
static unsigned take(struct pm_graph *g, unsigned *free_from, unsigned at) {
    unsigned best = g->buffers;
    for (unsigned b = 0; b < g->buffers; b++)
        if (free_from[b] < at && (best == g->buffers || g->buffer[b] > g->buffer[best]))
            best = b;
    if (best == g->buffers)
        g->buffer[g->buffers++] = 0;
    return best;
}

pm_status pm_graph_finish(struct pm_graph *g) {
    unsigned *last = calloc(g->nodes, sizeof *last), *free_from = calloc(g->nodes, sizeof *free_from);
    g->buffer = calloc(g->nodes, sizeof *g->buffer);
    const pm_status status = !g->failed && last && free_from && g->buffer ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < g->nodes && status == PM_OK; i++)
        for (int k = 0; k < 3; k++)
            if (g->node[i].in[k] != PM_NO_NODE)
                last[g->node[i].in[k]] = i;
    for (unsigned i = 0; i < g->nodes && status == PM_OK; i++) {
        struct pm_node *node = &g->node[i];
        const unsigned from = replaced(node);
        if (!has_buffer(node))
            continue;
        if (from != PM_NO_NODE && last[from] == i && has_buffer(&g->node[from]))
            node->buffer = g->node[from].buffer;
        else
            node->buffer = take(g, free_from, i);
        free_from[node->buffer] = last[i] > i ? last[i] : g->nodes;
        const size_t floats = (size_t)pm_node_rows(node, g->tokens) * node->width;
        if (g->buffer[node->buffer] < floats)
            g->buffer[node->buffer] = floats;
    }
    free(last);
    free(free_from);
    return status;
}

void pm_graph_free(struct pm_graph *g) {
    free(g->node);
    free(g->buffer);
    *g = (struct pm_graph){0};
}

static struct pm_heads heads_of(const struct pm_node *node) {
    return (struct pm_heads){node->width, node->heads, node->kv_heads ? node->kv_heads : node->heads,
                             node->causal};
}

/* Floats of a node's keys and values. */
static size_t cache_of(const struct pm_graph *g, const struct pm_node *node) {
    const struct pm_heads h = node->kind == PM_NODE_HEADS ? heads_of(node) : (struct pm_heads){0};
    return h.causal ? 2 * g->tokens * pm_heads_kv(&h) : 0;
}

/* Floats that a node needs beside its value: of heads, or for a value that may not take its input's place. */
static size_t work_of(const struct pm_graph *g, const struct pm_node *node) {
    const struct pm_heads h = node->kind == PM_NODE_HEADS ? heads_of(node) : (struct pm_heads){0};
    return h.heads > 0                 ? pm_heads_work(&h, g->tokens)
           : node->in[0] != PM_NO_NODE ? (size_t)pm_node_rows(node, g->tokens) * node->width
                                       : 0;
}

struct pm_graph_scratch *pm_graph_scratch_new(const struct pm_graph *g) {
    size_t work = 0, floats = 0;
    for (unsigned i = 0; i < g->nodes; i++) {
        work = work_of(g, &g->node[i]) > work ? work_of(g, &g->node[i]) : work;
        floats += cache_of(g, &g->node[i]);
    }
    for (unsigned b = 0; b < g->buffers; b++)
        floats += g->buffer[b];
    struct pm_graph_scratch *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->memory = malloc((floats + work) * sizeof *s->memory);
    s->buffer = malloc(g->buffers * sizeof *s->buffer);
    s->cache = malloc(g->nodes * sizeof *s->cache);
    if (s->memory == NULL || s->buffer == NULL || s->cache == NULL) {
        pm_graph_scratch_free(s);
        return NULL;
    }
    s->work = s->memory;
    float *at = s->memory + work;
    for (unsigned b = 0; b < g->buffers; at += g->buffer[b++])
        s->buffer[b] = at;
    for (unsigned i = 0; i < g->nodes; at += cache_of(g, &g->node[i++]))
        s->cache[i] = at;
    return s;
}

void pm_graph_scratch_free(struct pm_graph_scratch *s) {
    if (s == NULL)
        return;
    free(s->memory);
    free(s->buffer);
    free(s->cache);
    free(s);
}

static bool input_fits(const struct pm_graph *g, const struct pm_graph_input *in,
                       const struct pm_graph_scratch *s) {
    if (in->past > s->held)
        return false;
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_node *node = &g->node[i];
        if ((node->kind == PM_NODE_PATCHES || node->kind == PM_NODE_PIXELS) &&
            (in->image == NULL || in->n != g->tokens || in->keep != NULL))
            return false;
        if (node->kind != PM_NODE_EMBEDDING)
            continue;
        bool fits = in->ids != NULL && in->n >= 1 && in->n <= g->tokens - in->past, any = in->keep == NULL;
        for (unsigned t = 0; fits && t < in->n; t++) {
            fits = in->ids[t] < node->table.rows;
            any = any || in->keep[t] != 0;
        }
        if (!fits || !any)
            return false;
    }
    return true;
}

/* One run. */
struct pass {
    const struct pm_graph *g;
    const struct pm_graph_input *input;
    struct pm_graph_scratch *s;
};

static const float *value(const struct pass *p, unsigned node) {
    if (node == PM_NO_NODE)
        return NULL;
    const struct pm_node *n = &p->g->node[node];
    return n->kind == PM_NODE_TABLE ? n->table.row + (size_t)p->input->past * n->width
                                    : p->s->buffer[n->buffer];
}

/* Causal heads' keys and values, with those of the tokens before. */
static void heads(const struct pass *p, unsigned index, const float *x[3], float *y) {
    const struct pm_node *node = &p->g->node[index];
    const struct pm_heads h = heads_of(node);
    const unsigned n = p->input->n, past = p->input->past;
    const float *k = x[1], *v = x[2];
    if (h.causal) {
        const size_t kv = pm_heads_kv(&h), room = p->g->tokens * kv;
        float *cache = p->s->cache[index];
        memcpy(cache + past * kv, k, n * kv * sizeof *cache);
        memcpy(cache + room + past * kv, v, n * kv * sizeof *cache);
        k = cache;
        v = cache + room;
    }
    pm_heads(&h, n, past + n, x[0], k, v, p->input->keep, p->s->work, y);
}

static void compute_on_host(const struct pass *p, unsigned index, float *y) {
    const struct pm_node *node = &p->g->node[index];
    const unsigned n = pm_node_rows(node, p->input->n);
    const float *x[3];
    for (int k = 0; k < 3; k++)
        x[k] = value(p, node->in[k]);
    switch (node->kind) {
    case PM_NODE_PATCHES:
        pm_patches(&node->patching, p->input->image, y);
        break;
    case PM_NODE_PIXELS:
        pm_pixels(&node->pixels, p->input->image, y);
        break;
    case PM_NODE_EMBEDDING:
        for (size_t t = 0; t < n; t++)
            memcpy(y + t * node->width, node->table.row + (size_t)p->input->ids[t] * node->width,
                   node->width * sizeof *y);
        break;
    case PM_NODE_ADD:
        for (size_t i = 0; i < (size_t)n * node->width; i++)
            y[i] = x[0][i] + x[1][i];
        break;
    case PM_NODE_PRODUCT:
        for (size_t i = 0; i < (size_t)n * node->width; i++)
            y[i] = x[0][i] * x[1][i];
        break;
    case PM_NODE_ROTARY:
        pm_rotate(node->rotary.turn + (size_t)p->input->past * node->rotary.head, node->rotary.head, n,
                  node->width, x[0], y);
        break;
    case PM_NODE_NORM:
        pm_layernorm(node->norm, n, x[0], y);
        break;
    case PM_NODE_MATRIX:
        pm_matrix_apply(node->matrix, n, x[0], x[1], y);
        break;
    case PM_NODE_ACTIVATION:
        pm_activate(node->activation, (size_t)n * node->width, x[0], y);
        break;
    case PM_NODE_HEADS:
        heads(p, index, x, y);
        break;
    case PM_NODE_POOL:
        pm_pool(node->pool, pm_node_rows(&p->g->node[node->in[0]], p->input->n), node->width, x[0],
                p->input->keep, y);
        break;
    case PM_NODE_UNFOLD:
        pm_unfold(&node->window, x[0], y);
        break;
    case PM_NODE_LARGEST:
    case PM_NODE_MEAN:
        pm_pool_window(&node->window, node->kind == PM_NODE_LARGEST, x[0], y);
        break;
    case PM_NODE_TABLE:
    case PM_NODE_ATTENTION:
        break;
    }
}

/* Its value is that of node `to`. */
static pm_status compute_elsewhere(const struct pass *p, const struct pm_graph_elsewhere *by, unsigned index,
                                   unsigned to) {
    const struct pm_node *node = &p->g->node[index];
    const unsigned n = pm_node_rows(node, p->input->n), from = node->in[0];
    const size_t count = (size_t)n * node->width;
    const bool whole = node->kind == PM_NODE_ATTENTION, adds = by->adds && by->adds[index];
    const float *onto = whole || (node->kind == PM_NODE_MATRIX && !adds) ? value(p, node->in[1]) : NULL;
    float *y = p->s->buffer[p->g->node[to].buffer];
    struct pm_operands o = {.n = n,
                            .x = value(p, from),
                            .keep = p->input->keep,
                            .y = y,
                            .rows = from == PM_NO_NODE ? 0 : pm_node_rows(&p->g->node[from], p->input->n),
                            .more = {value(p, node->in[1]), value(p, node->in[2])},
                            .image = p->input->image,
                            .past = p->input->past};
    if (onto || o.x == y || o.more[0] == y)
        o.y = p->s->work;
    const pm_status status = by->compute(by->ctx, index, &o);
    for (size_t i = 0; onto && status == PM_OK && i < count; i++)
        y[i] = onto[i] + o.y[i];
    if (!onto && o.y != y && status == PM_OK)
        memcpy(y, o.y, count * sizeof *y);
    return status;
}

pm_status pm_graph_run(const struct pm_graph *g, const struct pm_graph_input *input,
                       const struct pm_graph_elsewhere *elsewhere, struct pm_graph_scratch *s, float *out) {
    const struct pass p = {g, input, s};
    if (!input_fits(g, input, s))
        return PM_EINVAL;
    s->held = 0;
    for (unsigned i = 0; i < g->nodes; i++) {
        const struct pm_node *node = &g->node[i];
        if (elsewhere != NULL && elsewhere->layer[i]) {
            const unsigned to = node->kind == PM_NODE_ATTENTION ? i + node->attention.body : i;
            const pm_status status = compute_elsewhere(&p, elsewhere, i, to);
            if (status != PM_OK)
                return status;
            i = to;
        } else if (has_buffer(node)) {
            compute_on_host(&p, i, s->buffer[node->buffer]);
        }
    }
    s->held = input->past + input->n;
    memcpy(out, s->buffer[g->node[g->nodes - 1].buffer], pm_graph_floats(g, input->n) * sizeof *out);
    return PM_OK;
}
