// SPDX-License-Identifier: Apache-2.0
#include "system/hyflex_bound.h"

#include <math.h>

/* w gamma x + w beta + bias of one output, over all x whose squares add up to `width`; of LayerNorm x adds up
 * to 0, too, so that the mean of w gamma has no part. */
static double of_output(const struct pm_matrix *m, const struct pm_layernorm *norm, size_t out) {
    const float *w = m->weight + out * m->in;
    double mean = 0, squares = 0, constant = (double)m->bias[out];
    for (size_t i = 0; i < m->in && !norm->rms; i++) {
        mean += (double)w[i] * (double)norm->weight[i] / m->in;
        constant += (double)w[i] * (double)norm->bias[i];
    }
    for (size_t i = 0; i < m->in; i++)
        squares += pow((double)w[i] * (double)norm->weight[i] - mean, 2);
    return sqrt(squares * m->in) + fabs(constant);
}

pm_status pm_hyflex_bound(const struct pm_graph *g, unsigned node, double *bound) {
    const struct pm_node *at = &g->node[node];
    if (at->kind == PM_NODE_ROTARY) {
        const pm_status status = pm_hyflex_bound(g, at->in[0], bound);
        for (unsigned i = 0; status == PM_OK && i < at->width; i += 2)
            bound[i] = bound[i + 1] = hypot(bound[i], bound[i + 1]);
        return status;
    }
    if (at->kind != PM_NODE_MATRIX || at->in[1] != PM_NO_NODE || at->in[0] == PM_NO_NODE ||
        g->node[at->in[0]].kind != PM_NODE_NORM || at->matrix->groups > 1)
        return PM_EINVAL;
    for (unsigned i = 0; i < at->width; i++)
        bound[i] = of_output(at->matrix, g->node[at->in[0]].norm, i);
    return PM_OK;
}
