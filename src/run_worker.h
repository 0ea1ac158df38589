// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: one thread's golden engines. */
#ifndef PM_RUN_WORKER_H
#define PM_RUN_WORKER_H

#include "run_job.h"

struct pm_run_worker {
    const struct pm_run_job *job;
    struct pm_encoder_scratch *scratch;
    struct pm_attention *engine[PM_RUN_MAX_LAYERS];
    struct pm_attention_cost cost[PM_RUN_MAX_LAYERS];
    uint64_t ne[PM_RUN_MAX_LAYERS][PM_RUN_NE]; /**< head rows by their exponent, where `count_ne` */
    bool count_ne;
    const struct pm_run_matrices *matrices;
    struct pm_hyflex_linear_cost arrays;
    const int *log2_z; /**< [layers], for norm=none */
    uint32_t item;     /**< number of the image or sentence, for the noise */
    pm_status status;  /**< the caller's */
};

/** PM_ENOMEM, PM_EINVAL; pm_run_worker_end is needed in any case. */
pm_status pm_run_worker_begin(struct pm_run_worker *w, const struct pm_run_job *j,
                              const struct pm_run_matrices *matrices, const int *log2_z);
void pm_run_worker_end(struct pm_run_worker *w);

/** The engines for a forward pass; their context is w. */
struct pm_encoder_engines pm_run_worker_engines(struct pm_run_worker *w);

/** For norm=none: log2_z[layers] = the rounded mean of log2 Z of each layer over the given inputs. */
pm_status pm_run_typical_z(struct pm_run_job *j, const struct pm_run_matrices *matrices,
                           const struct pm_encoder_input *inputs, unsigned count, int *log2_z);

#endif
