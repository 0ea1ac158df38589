// SPDX-License-Identifier: Apache-2.0
/* A matrix as a sum of ranks, the important ones in 1-bit cells (HyFlexPIM Algorithm 1;
 * docs/numerics.md, "Ranks and cells"). */
#ifndef PM_SYSTEM_RANKS_H
#define PM_SYSTEM_RANKS_H

#include "pm_types.h"

/** Which ranks go to 1-bit cells first. */
enum pm_rank_order {
    PM_RANK_GRADIENT, /**< descending |dL/dS|, ties: lower index */
    PM_RANK_VALUE,    /**< descending singular value */
    PM_RANK_RANDOM    /**< any, drawn */
};

/** Which factor holds the singular values. */
enum pm_rank_sigma {
    PM_RANK_SIGMA_FIRST, /**< the one that is applied first: V S, then U^T, as HyFlexPIM merges them */
    PM_RANK_SIGMA_SECOND /**< V, then S U^T */
};

/** Ranks at which two factors hold no more numbers than the matrix: in*out/(in+out), at least 1. */
unsigned pm_rank_count(unsigned in, unsigned out);

/** W = U S V^T of w[out][in], for y = W x, by LAPACK, truncated to k ranks, 1..min(in, out): a[in][k] = V S
 * and b[k][out] = U^T, or V and S U^T, ranks by descending singular value, so that W^T ~ a b. PM_ENOMEM;
 *  PM_EINVAL: a dimension or k out of range, or the decomposition did not converge. */
pm_status pm_rank_factor(const float *w, unsigned in, unsigned out, unsigned k, enum pm_rank_sigma sigma,
                         float *a, float *b);

/** order[k]: the ranks in the order that 1-bit cells take them. gradient[k] is read for PM_RANK_GRADIENT,
 * seed and id (of the matrix) for PM_RANK_RANDOM. */
void pm_rank_sort(enum pm_rank_order by, const double *gradient, uint64_t seed, uint32_t id, unsigned k,
                  unsigned *order);

#endif
