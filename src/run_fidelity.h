// SPDX-License-Identifier: Apache-2.0
/* How far a network's layers are from float: what each gives, in its systems and on the host, of the same
 * image, each with its own inputs. */
#ifndef PM_RUN_FIDELITY_H
#define PM_RUN_FIDELITY_H

#include "system/placement.h"

/** Sums over a layer's elements: f float, q as placed. */
struct pm_fidelity_sum {
    double ff, qq, fq, noise; /**< noise: (f - q)^2 */
};
/** f.q over their lengths; NAN where one is 0. */
double pm_fidelity_cosine(const struct pm_fidelity_sum *s);
/** 10 log10(ff / noise), dB; INFINITY: they are the same. */
double pm_fidelity_sqnr(const struct pm_fidelity_sum *s);

/** A thread's. */
struct pm_fidelity;
/** Of a worker that was begun, and outlives it; NULL: out of memory. */
struct pm_fidelity *pm_fidelity_new(struct pm_worker *w);
/** NULL is accepted. */
void pm_fidelity_free(struct pm_fidelity *f);
/** One input through the network on the host, which is kept; then, placed, to sum[nodes], of an attention as
 * a whole at its own node. */
pm_status pm_fidelity_float(struct pm_fidelity *f, const struct pm_graph_input *input, float *out);
pm_status pm_fidelity_placed(struct pm_fidelity *f, const struct pm_graph_input *input, float *out,
                             struct pm_fidelity_sum *sum);
/** One input through the network on the host; of the same inputs as there each placed matrix computes once
 * more, which is not counted, to sum[nodes]. */
pm_status pm_fidelity_alone(struct pm_fidelity *f, const struct pm_graph_input *input, float *out,
                            struct pm_fidelity_sum *sum);

#endif
