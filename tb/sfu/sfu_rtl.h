// SPDX-License-Identifier: Apache-2.0
/* pm_sfu in simulation, with whole tensors. The loaded model fixes pm_sfu_tb's parameters. */
#ifndef SFU_RTL_H
#define SFU_RTL_H

#include "pm_sim.h"
#include "sfu.h"

enum pm_sfu_function {
    PM_SFU_EXP,
    PM_SFU_SOFTMAX, /* kind 0: integers and their sum; 1: binary16 */
    PM_SFU_NORM,    /* kind: enum pm_sfu_norm_kind */
    PM_SFU_ACT,     /* kind: enum pm_sfu_act_kind */
    PM_SFU_ROPE,
    PM_SFU_QUANT
};

/** A run: x[rows][n] and what else f needs, into y[rows][n]. */
struct pm_sfu_job {
    enum pm_sfu_function f;
    unsigned kind, bits;
    struct pm_scale scale;
    size_t rows, n;
    const int32_t *x;
    const uint8_t *keep;         /**< [rows][n], or NULL: all; softmax */
    const int32_t *b;            /**< [rows][n], or NULL: activation's factor; rotary's c, s of each pair */
    const int32_t *gamma, *beta; /**< [n]; normalisation, beta NULL with PM_SFU_RMS */
    int32_t *y;
    int64_t *side; /**< [rows], or NULL: softmax's sums, quantisation's codes of amax */
};

/** *clocks, where not NULL, receives the clocks from the first beat's handshake to the last result's.
 * PM_EINVAL: the model has no such function; PM_ESHAPE: a row is longer than its MaxN; PM_ERANGE: a score
 * does not fit it; PM_EDIFFER: a stalled output changed, or a row does not end where it should. */
pm_status pm_sfu_rtl(const struct pm_sim_opts *opts, const struct pm_sfu_job *job, uint64_t *clocks);

typedef pm_status pm_sfu_rtl_fn(const struct pm_sim_opts *, const struct pm_sfu_job *, uint64_t *);

#endif
