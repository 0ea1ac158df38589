// SPDX-License-Identifier: Apache-2.0
/* Drives the RTL that writes K and V with whole tensors. The loaded model fixes D, W, Kvb, MaxTokens and
 * ExpW. */
#ifndef KV_WRITE_RTL_H
#define KV_WRITE_RTL_H

#include "pm_sim.h"

struct pm_kv_write_cfg {
    unsigned mk, mv; /**< M_K and M_V, 0..31 */
    unsigned kvb;    /**< must be Kvb */
    bool round;
    unsigned chain; /**< passes that fill the arrays together, each appended to the last; 1: none is */
};

/** Writes passes (1 or more) of `tokens` tokens (1..MaxTokens / cfg->chain) in one simulation, with a clear
 * between two passes, which appends within a chain: accumulators k_acc and v_acc [passes][tokens][d] and
 * exponents ex[passes][tokens] into k and v [passes][tokens][d]. k_sat and v_sat [passes] are the sticky
 * flags at each pass's end, when its first flagged[passes] tokens have been on the pins. *clocks, where not
 * NULL, receives the clocks from the one that takes the first token to the one that takes the last write,
 * inclusive: tokens + 2 for one pass without stalls. Where the arrays are full, the next pass's first token
 * is offered before the clear, and must wait. PM_EINVAL: cfg->kvb is not Kvb; PM_ESHAPE: d is not D, or too
 * many tokens; PM_ERANGE: an accumulator does not fit W bits or an exponent ExpW; PM_EDIFFER: stalled pins
 * changed, a token had another number than its position, was taken when the arrays were full or in a clear,
 * or a clear did not clear the flags. */
pm_status pm_kv_write_rtl(const struct pm_sim_opts *opts, const struct pm_kv_write_cfg *cfg,
                          const int64_t *k_acc, const int64_t *v_acc, const int32_t *ex, unsigned passes,
                          unsigned tokens, unsigned d, int16_t *k, int16_t *v, uint8_t *k_sat, uint8_t *v_sat,
                          unsigned *flagged, uint64_t *clocks);

#endif
