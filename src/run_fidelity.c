// SPDX-License-Identifier: Apache-2.0
#include "run_fidelity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pm_fidelity {
    struct pm_worker *worker;
    bool *layer[2];              /* [nodes]: on the host, placed */
    float **value;               /* [nodes] of matrices, in float */
    struct pm_fidelity_sum *sum; /* NULL: values are kept */
    bool alone;                  /* of layers that get the host's inputs */
};

double pm_fidelity_cosine(const struct pm_fidelity_sum *s) {
    return s->fq / sqrt(s->ff * s->qq);
}

double pm_fidelity_sqnr(const struct pm_fidelity_sum *s) {
    return 10 * log10(s->ff / s->noise);
}

struct pm_fidelity *pm_fidelity_new(struct pm_worker *w) {
    const struct pm_graph *g = w->graph;
    struct pm_fidelity *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->worker = w;
    f->value = calloc(g->nodes, sizeof *f->value);
    for (int i = 0; i < 2; i++)
        f->layer[i] = calloc(g->nodes, sizeof *f->layer[i]);
    bool ok = f->value && f->layer[0] && f->layer[1];
    for (unsigned i = 0; i < g->nodes && ok; i++) {
        const struct pm_node *node = &g->node[i];
        const bool matrix = node->kind == PM_NODE_MATRIX;
        f->layer[0][i] = matrix;
        f->layer[1][i] = matrix || pm_placement_system(w->placement, i);
        const size_t count = (size_t)pm_node_rows(node, g->tokens) * node->width;
        ok = !matrix || (f->value[i] = malloc(count * sizeof *f->value[i])) != NULL;
    }
    if (ok)
        return f;
    pm_fidelity_free(f);
    return NULL;
}

void pm_fidelity_free(struct pm_fidelity *f) {
    if (!f)
        return;
    for (unsigned i = 0; f->value && i < f->worker->graph->nodes; i++)
        free(f->value[i]);
    free(f->value);
    free(f->layer[0]);
    free(f->layer[1]);
    free(f);
}

/* q is the layer's value, or what is left of it less `onto`. */
static void add(struct pm_fidelity_sum *s, const float *f, const float *q, const float *onto, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double a = f[i], b = onto ? (double)q[i] - onto[i] : q[i];
        s->ff += a * a;
        s->qq += b * b;
        s->fq += a * b;
        s->noise += (a - b) * (a - b);
    }
}

/* What the host gives goes on. */
static pm_status compute_alone(struct pm_fidelity *f, unsigned index, const struct pm_operands *o) {
    struct pm_worker *w = f->worker;
    struct pm_operands placed = *o;
    placed.y = f->value[index];
    struct pm_counts *const counts = w->counts[index];
    pm_matrix_apply(w->graph->node[index].matrix, o->n, o->x, NULL, o->y);
    if (!pm_placement_system(w->placement, index))
        return PM_OK;
    w->counts[index] = NULL;
    const pm_status status = pm_worker_layer(w, index, 0, &placed);
    w->counts[index] = counts;
    add(&f->sum[index], o->y, placed.y, pm_placement_adds(w->placement)[index] ? o->more[0] : NULL,
        (size_t)o->n * w->graph->node[index].width);
    return status;
}

static pm_status compute(void *ctx, unsigned index, const struct pm_operands *o) {
    struct pm_fidelity *f = ctx;
    const struct pm_node *node = &f->worker->graph->node[index];
    const struct pm_placement *placement = f->worker->placement;
    const unsigned last = index + (node->kind == PM_NODE_ATTENTION ? node->attention.body : 0);
    const size_t n = (size_t)o->n * node->width;
    pm_status status = PM_OK;
    if (f->alone)
        return compute_alone(f, index, o);
    if (f->sum && pm_placement_system(placement, index))
        status = pm_worker_layer(f->worker, index, 0, o);
    else
        pm_matrix_apply(node->matrix, o->n, o->x, NULL, o->y);
    if (!f->sum)
        memcpy(f->value[index], o->y, n * sizeof *o->y);
    else if (status == PM_OK && f->value[last])
        add(&f->sum[index], f->value[last], o->y, pm_placement_adds(placement)[index] ? o->more[0] : NULL, n);
    return status;
}

pm_status pm_fidelity_float(struct pm_fidelity *f, const struct pm_graph_input *input, float *out) {
    f->sum = NULL;
    return pm_graph_run(f->worker->graph, input, &(struct pm_graph_elsewhere){f->layer[0], compute, f, NULL},
                        f->worker->scratch, out);
}

pm_status pm_fidelity_placed(struct pm_fidelity *f, const struct pm_graph_input *input, float *out,
                             struct pm_fidelity_sum *sum) {
    f->sum = sum;
    const struct pm_graph_elsewhere elsewhere = {f->layer[1], compute, f,
                                                 pm_placement_adds(f->worker->placement)};
    return pm_graph_run(f->worker->graph, input, &elsewhere, f->worker->scratch, out);
}

pm_status pm_fidelity_alone(struct pm_fidelity *f, const struct pm_graph_input *input, float *out,
                            struct pm_fidelity_sum *sum) {
    f->sum = sum;
    f->alone = true;
    const pm_status status =
        pm_graph_run(f->worker->graph, input, &(struct pm_graph_elsewhere){f->layer[0], compute, f, NULL},
                     f->worker->scratch, out);
    f->alone = false;
    return status;
}
