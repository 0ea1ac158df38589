// SPDX-License-Identifier: Apache-2.0
/* Mapping of a transformer's attention to the fused integer engine: 8-bit weights, biases at the
 * accumulators' scale, and the scales between real values and integers (docs/numerics.md, "The fused token").
 */
#ifndef PM_SYSTEM_FLARE_MAP_H
#define PM_SYSTEM_FLARE_MAP_H

#include "flare_attention.h"
#include "io/error.h"
#include "net/graph.h"

/** One layer. With W' = W * diag(a) and b' = b + W * mu, where mu and a are the calibrated mean and scale of
 * the channels that enter the attention:  W'_q ~ wq * sw_q,  b'_q ~ bq * sx * sw_q, and so for k and v;
 *  W_o[out] ~ wo[.][out] * sw_o[out],  b_o[out] ~ bo[out] * out_scale[out]. */
struct pm_flare_map {
    struct pm_layernorm ln;  /**< [D] the LayerNorm before the attention with mu and a folded in: its output
                                   is x' = (x - mu)/a */
    double sx;               /**< one LSB of x' in 16-bit fixed point, a real value */
    double sw_q, sw_k, sw_v; /**< max|W'|/127 of each matrix; 1 where that is 0 */
    float *sw_o;             /**< [D] max|W_o[out]|/127; 1 where that is 0 */
    float *out_scale;        /**< [D] sx * sw_v * sw_o: one LSB of an output at e = 0 */
    double s0;               /**< S0, in [1/2, 1), the same for every head */
    int32_t e0;              /**< S0 * 2^e0 = sx*sw_q * sx*sw_k * 2^mk / sqrt(D/heads) */
    unsigned kvb;            /**< bits of stored keys and values, 2..16 */
    unsigned mk, mv;         /**< M_K and M_V, 0..31 */
    struct pm_attention_weights
        w;           /**< what the engine is programmed with; points into the two members below */
    int8_t *weights; /**< [4][D][D], q k v o, each [in][out] */
    int32_t *biases; /**< [4][D] */
};

/** Departures from the calibrated mapping; all zeros: none. */
struct pm_flare_map_options {
    unsigned kvb;      /**< bits of stored keys and values, 2..16; M_K and M_V follow; 0: as calibrated */
    bool wo_one_scale; /**< sw_o of all outputs the largest one */
};

/** DIR/calibration.json: what the mapping needs beyond the weights. */
struct pm_flare_calibration {
    unsigned kvb;    /**< bits of stored keys and values, 2..16 */
    unsigned layers; /**< room */
    struct pm_flare_calibration_layer {
        double *mu; /**< [D] mean of each channel */
        double *a;  /**< [D] scale of each channel, a power of two */
        double sx;
        unsigned mk, mv;
    } layer[];
};

/** Reads it for the attentions of g, in their order. PM_EIO, PM_EFORMAT, PM_ESHAPE, PM_ENOMEM; PM_ERANGE: a
 * value outside the range that docs/systems/network.md gives; then *e says "PATH: reason" in one line and
 * *calibration is NULL. */
pm_status pm_flare_calibration_load(const char *folder, const struct pm_graph *g,
                                    struct pm_flare_calibration **calibration, struct pm_error *e);
/** NULL is accepted. */
void pm_flare_calibration_free(struct pm_flare_calibration *c);

/** Maps an attention node. PM_ENOMEM; PM_ERANGE: a bias does not fit 32 bits at sx. The map needs
 * pm_flare_map_free in any case. */
pm_status pm_flare_map_new(const struct pm_node *node, const struct pm_flare_calibration *calibration,
                           const struct pm_flare_map_options *options, struct pm_flare_map *map);
/** A zeroed map is accepted. */
void pm_flare_map_free(struct pm_flare_map *map);

/** Sets the members of cfg that network and calibration determine: width, heads, kvb, mk, mv, s0, e0. The
 * others are the user's choice and stay as they are. */
void pm_flare_map_configure(const struct pm_flare_map *map, const struct pm_node *node,
                            struct pm_attention_cfg *cfg);

/** tokens[n][D] (what enters that LayerNorm) -> x[n][D], ex[n]: the folded LayerNorm, 16-bit fixed point
 * (nearest, ties to even, saturating), then rounding eMSB-Q to `bits` a token. `work` holds D floats, `fixed`
 * D integers. */
void pm_flare_map_tokens(const struct pm_flare_map *map, unsigned bits, size_t n, const float *tokens,
                         float *work, int64_t *fixed, int16_t *x, int32_t *ex);

#endif
