// SPDX-License-Identifier: Apache-2.0
/* Which bits each matrix of a network has on crossbars, and what that costs: what `perimeter compile` and
 * `perimeter search` share (Pelke et al., arXiv 2601.21737). */
#ifndef PM_POLICY_H
#define PM_POLICY_H

#include "system/plan.h"
#include "xbar.h"

/** A network's matrices and the products of its attentions, in the order of computing. */
struct pm_policy {
    unsigned layers;
    struct pm_policy_layer {
        char name[68]; /**< "attn0.q", "attn0.qk", "attn0.av" */
        unsigned node; /**< of the graph: a matrix, or an attention's heads */
        enum pm_policy_what { PM_POLICY_MATRIX, PM_POLICY_QK, PM_POLICY_AV } what;
        unsigned w, a; /**< bits of a weight and of an input; 0: the host has it, which costs nothing */
        struct pm_xbar_layer shape;
    } * layer;
};

/** All at 8/8. PM_ENOMEM. */
pm_status pm_policy_new(struct pm_policy *p, const struct pm_graph *g);
void pm_policy_free(struct pm_policy *p);

/** Reads {"layers": [{"name", "w", "a"}]}: every matrix once, of an attention's products both or none;
 * weights' bits are a multiple of the cell's, but for the first and the last layer, which may have 8.
 * PM_EFORMAT, PM_EINVAL, PM_ERANGE, PM_EIO, PM_ENOMEM. */
pm_status pm_policy_read(struct pm_policy *p, const struct pm_graph *g, const char *path, unsigned cell,
                         struct pm_error *e);
/** The same text. The caller frees it; NULL: out of memory. */
char *pm_policy_text(const struct pm_policy *p);

/** Every layer on crossbars of this size and its bits. Errors as pm_plan_place. */
pm_status pm_policy_place(const struct pm_policy *p, const struct pm_graph *g,
                          const struct pm_xbar_chip *chip, struct pm_plan *plan, struct pm_error *e);

/** Latency of an inference, written anew each time, 0.1 us. */
int64_t pm_policy_time(const struct pm_policy *p, const struct pm_xbar_chip *chip);

/** "256x256" to rows and columns, columns even. False: it is none. */
bool pm_policy_crossbar(const char *text, struct pm_xbar_chip *chip);

#endif
