// SPDX-License-Identifier: Apache-2.0
/* FLARE's fused attention engine, token by token (FLARE section 4.5; docs/numerics.md, "The fused token").
 *
 * Pass 1 streams all tokens through W_K and W_V and writes the parsed K and V into SRAM arrays; pass 2
 * streams them again through Q, logits, softmax, A*V, head normalisation and W_O. Heads work in parallel.
 * Rows of more than PM_MAX_KEYS keys go tile by tile: a tile's logits have an exponent of their own, and sums
 * over numerators follow the row's reference by shifts (docs/numerics.md, "Rows in tiles"). */
#ifndef PM_FLARE_ATTENTION_H
#define PM_FLARE_ATTENTION_H

#include "analog/array.h"
#include "bitsift.h"
#include "flare_gemv.h"
#include "flare_whole.h"
#include "head_norm.h"
#include "vdr_tile.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_MAX_WIDTH  1024 /**< D, model width */
#define PM_MAX_HEADS  16
#define PM_MAX_TOKENS 8192 /**< N */
#define PM_MAX_KEYS   512  /**< tokens of a head's K and V array; more go through it in tiles (vdr_tile.h) */

/** Exponents of one layer's groups: tokens' ex, and the shifts of eMSB-Q. */
struct pm_attention_exponents {
    int x, q, l, o, y;
};

/** Everything that is fixed for one layer, except the weights. */
struct pm_attention_cfg {
    unsigned width;  /**< D, 1..PM_MAX_WIDTH, a multiple of heads */
    unsigned heads;  /**< 1..PM_MAX_HEADS */
    unsigned kvb;    /**< KVB, bits of stored K and V elements, 2..16 */
    unsigned mk, mv; /**< M_K and M_V, 0..31: shifts that parse K and V */
    bool round;      /**< every eMSB-Q, parse and softmax shift rounds; false: truncates */
    enum pm_coding coding_x, coding_q, coding_o;
    enum pm_gpc_mode gpc; /**< split in RTL */
    bool all_planes;      /**< no effective planes, which RTL has */
    bool causal;          /**< a token attends to itself and to those before it alone */
    unsigned q;           /**< bits of x, q, o and y: 8 as in RTL, or 9; 0: 8 */
    unsigned adc; /**< bits of converters for arrays whose wordlines are all on at once (flare_whole.h); 0, as
                       in RTL: BitSift's accesses, exact conversions. No noise with it */
    bool drop_exponents; /**< groups keep their bits but not their exponents; `typical` stands for all of them
                          */
    struct pm_attention_exponents typical;
    enum pm_norm norm;
    double s0[PM_MAX_HEADS];  /**< S0 of each head, in [1/2, 1) */
    int32_t e0[PM_MAX_HEADS]; /**< e0 of each head, -32768..32767 */
    struct pm_array_cfg mram; /**< of the four weight arrays; the SRAM arrays are exact */
    enum pm_path path;        /**< of every matrix; not exact where `mram` is noisy */
};

/** The six kinds of GEMV, in the order of the data's way. */
enum pm_gemv_kind { PM_GEMV_K, PM_GEMV_V, PM_GEMV_Q, PM_GEMV_L, PM_GEMV_AV, PM_GEMV_O, PM_GEMV_KINDS };
extern const char *const pm_gemv_name[PM_GEMV_KINDS];

/** Cost of one or more layers' runs; a caller zeroes it and it adds up. */
struct pm_attention_cost {
    struct pm_gemv_cost gemv[PM_GEMV_KINDS]; /**< L and AV: summed over heads */
    uint64_t tokens;
    uint64_t bound_kv;    /**< pass 1: accesses of the busiest array, summed over runs */
    uint64_t bound_token; /**< pass 2: accesses of the busiest array (a head's L and AV count one by one) */
    uint64_t saturated_k, saturated_v; /**< elements that the parse clamped */
    uint64_t saturated_q;              /**< elements that rounding clamped in an eMSB-Q */
    uint64_t zero_z;                   /**< head rows with Z = 0 (the sticky flag counts as one or more) */
};

/** Adds `from` to `to`. */
void pm_attention_cost_add(struct pm_attention_cost *to, const struct pm_attention_cost *from);

/** Weights of one layer, row-major [in][out]: y_m = sum_d x_d * w_dm; biases at the accumulators' scale, or
 * NULL. */
struct pm_attention_weights {
    const int8_t *wq, *wk, *wv, *wo;  /**< [D][D] */
    const int32_t *bq, *bk, *bv, *bo; /**< [D] */
};

/** One layer's engine: programmed MRAM arrays, K and V arrays, buffers. One thread may use it at a time. */
struct pm_attention;

/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_attention_check(const struct pm_attention_cfg *cfg);

/** Programs the arrays. max_tokens 1..PM_MAX_TOKENS. The weights are copied. array_id keys the noise
 * (array_id + 0..3: K, V, Q, O). */
pm_status pm_attention_new(const struct pm_attention_cfg *cfg, const struct pm_attention_weights *w,
                           unsigned max_tokens, uint32_t array_id, struct pm_attention **engine);
void pm_attention_free(struct pm_attention *engine);

/** What the stages of one token held, for comparison with RTL: called once a token in pass order. Pointers
 * are valid during the call. Pass 1: only k and v. Pass 2: the others. */
struct pm_attention_stages {
    unsigned token;       /**< of the run's */
    const int16_t *k, *v; /**< [D] parsed */
    const int16_t *q;     /**< [D], and per head s_q */
    const int32_t *s_q;   /**< [heads] */
    const int16_t *logit; /**< [heads][stride] 8-bit logits */
    const int32_t *ne;    /**< [heads][tiles] */
    unsigned tiles;       /**< of max_tokens, of PM_MAX_KEYS each */
    const uint8_t *a;     /**< [heads][stride] */
    size_t stride;        /**< max_tokens */
    unsigned keys;        /**< tokens that the arrays hold: of a row so many are there */
    const uint32_t *z;    /**< [heads] */
    const int32_t *o;     /**< [D] normalised heads, 4 fraction bits */
    const int16_t *o8;    /**< [D] */
    int32_t s_o;
};
typedef void pm_attention_probe(void *ctx, const struct pm_attention_stages *stages);

/** The next run's tokens follow the first `held` of those whose keys and values the runs before left in the
 * arrays: it reads and gives what is of its own n tokens, but for keep[held + n]. A causal run of all of them
 * gives the same. PM_EINVAL: there are not as many. */
pm_status pm_attention_append(struct pm_attention *engine, unsigned held);

/** Runs n tokens, with those that it follows at most max_tokens: x[n][D], ex[n] (-32768..32767; real value x
 * * 2^ex), key mask keep[n] (1 = kept) or NULL, into y[n][D], e[n]. `first_vector` numbers the first token
 * since programming, for the noise draws. probe and cost may be NULL. */
pm_status pm_attention_run(struct pm_attention *engine, const int8_t *x, const int32_t *ex,
                           const uint8_t *keep, unsigned n, uint32_t first_vector, int8_t *y, int32_t *e,
                           struct pm_attention_cost *cost, pm_attention_probe *probe, void *ctx);

/** The same with x and y of cfg.q bits; pm_attention_run() itself takes 8 bits alone. */
pm_status pm_attention_run_wide(struct pm_attention *engine, const int16_t *x, const int32_t *ex,
                                const uint8_t *keep, unsigned n, uint32_t first_vector, int16_t *y,
                                int32_t *e, struct pm_attention_cost *cost, pm_attention_probe *probe,
                                void *ctx);

#ifdef __cplusplus
}
#endif
#endif
