// SPDX-License-Identifier: Apache-2.0
/* Drives the verilated pm_flare_attention with whole runs. */
#ifndef PM_FLARE_ATTENTION_RTL_H
#define PM_FLARE_ATTENTION_RTL_H

#include "flare_attention.h"
#include "pm_sim.h"

/** What a run's stages held, token by token; NULL members are not recorded. */
struct pm_attention_trace {
    int16_t *k, *v; /**< [n][D] as written to the arrays */
    int16_t *q;     /**< [n][D] */
    int16_t *logit; /**< [n][heads][n] */
    uint8_t *a;     /**< [n][heads][n] */
    uint32_t *z;    /**< [n][heads] */
    int32_t *o;     /**< [n][D] */
    int16_t *o8;    /**< [n][D] */
};

struct pm_attention_rtl_result {
    uint64_t clocks;                  /**< from the first token taken to the last output taken, inclusive */
    uint64_t first_write, last_write; /**< clock numbers of the first and last K/V write */
    uint64_t first_y, last_y;         /**< of the first and last output */
    unsigned tokens_in, tokens_out;   /**< handshakes at the engine's edge */
    bool z_zero, k_sat, v_sat;        /**< sticky flags after the run */
    uint64_t accesses[PM_GEMV_KINDS]; /**< at the arrays' pins */
};

/** n tokens, the first `prefill` (1..n) in one run and each of the others in one that appends it, on the
 * elaborated D, Heads, Kvb and MaxTokens (= max_tokens); arguments as pm_attention_new and pm_attention_run.
 * norm must be PM_NORM_RECIP (PM_EMODE otherwise). trace may be NULL.
 */
typedef pm_status
pm_flare_attention_rtl_fn(const struct pm_sim_opts *opts, const struct pm_attention_cfg *cfg,
                          const struct pm_attention_weights *w, unsigned max_tokens, uint32_t array_id,
                          const int8_t *x, const int32_t *ex, const uint8_t *keep, unsigned n,
                          unsigned prefill, uint32_t first_vector, int8_t *y, int32_t *e,
                          const struct pm_attention_trace *trace, struct pm_attention_rtl_result *result);
pm_flare_attention_rtl_fn pm_flare_attention_rtl;

#endif
