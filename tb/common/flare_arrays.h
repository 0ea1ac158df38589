// SPDX-License-Identifier: Apache-2.0
/* FLARE's engine in a bench: what a run gives, and the arrays at its pins, for the engine's own bench and
 * that of the peripheral around it. */
#ifndef PM_FLARE_ARRAYS_H
#define PM_FLARE_ARRAYS_H

#include "array_dpi.h"
#include "flare_attention.h"
#include "kv_write.h"
#include "pm_sim.h"

#include <stdlib.h>

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
enum { PM_FLARE_MRAM = 4 }; /* K, V, Q, O */

/** The arrays of one layer behind the RTL's wordlines. */
struct pm_flare_arrays {
    const struct pm_attention_cfg *cfg;
    struct pm_array *mram[PM_FLARE_MRAM];
    struct pm_array *k[PM_MAX_HEADS], *v[PM_MAX_HEADS];
    struct pm_array_dpi mram_dpi[PM_FLARE_MRAM], k_dpi[PM_MAX_HEADS], v_dpi[PM_MAX_HEADS];
    uint64_t accesses[PM_GEMV_KINDS];
};

/* A new array behind the RTL's wordlines, which come in slices of 16. */
static inline pm_status pm_flare_arrays_attach(struct pm_array **a, struct pm_array_dpi *dpi,
                                               const struct pm_array_cfg *cfg, uint32_t id, unsigned rows,
                                               unsigned cols, uint32_t first_vector) {
    *a = pm_array_new(cfg, id, rows, cols);
    return *a ? pm_array_dpi_init(dpi, *a, (rows + 15) / 16 * 16, first_vector, NULL, 0) : PM_ENOMEM;
}

/** Programs the weights; K and V are empty. Zero before; pm_flare_arrays_end() after it, whatever it gives.
 */
static inline pm_status pm_flare_arrays_begin(struct pm_flare_arrays *a, const struct pm_attention_cfg *c,
                                              const struct pm_attention_weights *w, unsigned max_tokens,
                                              uint32_t array_id, uint32_t first_vector) {
    const int8_t *weights[PM_FLARE_MRAM] = {w->wk, w->wv, w->wq, w->wo};
    const unsigned d = c->width, d_k = d / c->heads;
    int16_t *w16 = malloc((size_t)d * d * sizeof *w16);
    pm_status status = w16 ? PM_OK : PM_ENOMEM;
    a->cfg = c;
    for (unsigned m = 0; m < PM_FLARE_MRAM && status == PM_OK; m++) {
        status = pm_flare_arrays_attach(&a->mram[m], &a->mram_dpi[m], &c->mram, array_id + m, d, d * 8,
                                        first_vector);
        if (status != PM_OK)
            break;
        for (size_t i = 0; i < (size_t)d * d; i++)
            w16[i] = weights[m][i];
        pm_flare_program(a->mram[m], w16, d, d, 8);
    }
    free(w16);
    struct pm_array_cfg sram = pm_array_sram();
    for (unsigned h = 0; h < c->heads && status == PM_OK; h++) {
        status = pm_flare_arrays_attach(&a->k[h], &a->k_dpi[h], &sram, 0, d_k, max_tokens * c->kvb, 0);
        if (status == PM_OK)
            status = pm_flare_arrays_attach(&a->v[h], &a->v_dpi[h], &sram, 0, max_tokens, d_k * c->kvb, 0);
    }
    return status;
}

static inline void pm_flare_arrays_end(struct pm_flare_arrays *a) {
    for (unsigned m = 0; m < PM_FLARE_MRAM; m++) {
        pm_array_dpi_free(&a->mram_dpi[m]);
        pm_array_free(a->mram[m]);
    }
    for (unsigned h = 0; h < a->cfg->heads; h++) {
        pm_array_dpi_free(&a->k_dpi[h]);
        pm_array_dpi_free(&a->v_dpi[h]);
        pm_array_free(a->k[h]);
        pm_array_free(a->v[h]);
    }
}

/** A write of the engine's: D elements of Kvb bits each. They are left in row_k and row_v, too. */
static inline void pm_flare_arrays_write(struct pm_flare_arrays *a, unsigned token, const uint32_t *k,
                                         const uint32_t *v, int16_t row_k[static PM_MAX_WIDTH],
                                         int16_t row_v[static PM_MAX_WIDTH]) {
    const struct pm_attention_cfg *c = a->cfg;
    const unsigned d_k = c->width / c->heads;
    for (unsigned i = 0; i < c->width; i++) {
        row_k[i] = (int16_t)pm_get_signed(k, i * c->kvb, c->kvb);
        row_v[i] = (int16_t)pm_get_signed(v, i * c->kvb, c->kvb);
    }
    for (unsigned h = 0; h < c->heads; h++) {
        pm_k_write(a->k[h], row_k + h * d_k, d_k, c->kvb, token);
        pm_v_write(a->v[h], row_v + h * d_k, d_k, c->kvb, token);
    }
}

/** One array in one clock: an access, or a vector that needed none. */
static inline void pm_flare_arrays_beat(struct pm_flare_arrays *a, struct pm_array_dpi *d,
                                        enum pm_gemv_kind kind, bool access, const uint32_t *wl, uint32_t dwl,
                                        uint32_t side, uint32_t *cmp) {
    const struct pm_array_pins pins = pm_array_pins(wl, dwl, side);
    a->accesses[kind] += access;
    if (access)
        pm_array_dpi_read(d, &pins, cmp);
    else
        pm_array_dpi_skip(d);
}

/** Weight array m: K, V, Q, O. */
static inline void pm_flare_arrays_read_w(struct pm_flare_arrays *a, int m, bool access, const uint32_t *wl,
                                          uint32_t dwl, uint32_t side, uint32_t *cmp) {
    static const enum pm_gemv_kind kind[PM_FLARE_MRAM] = {PM_GEMV_K, PM_GEMV_V, PM_GEMV_Q, PM_GEMV_O};
    pm_flare_arrays_beat(a, &a->mram_dpi[m], kind[m], access, wl, dwl, side, cmp);
}
/** K^T and V of head h. */
static inline void pm_flare_arrays_read_k(struct pm_flare_arrays *a, int h, bool access, const uint32_t *wl,
                                          uint32_t dwl, uint32_t side, uint32_t *cmp) {
    pm_flare_arrays_beat(a, &a->k_dpi[h], PM_GEMV_L, access, wl, dwl, side, cmp);
}
static inline void pm_flare_arrays_read_v(struct pm_flare_arrays *a, int h, bool access, const uint32_t *wl,
                                          uint32_t dwl, uint32_t side, uint32_t *cmp) {
    pm_flare_arrays_beat(a, &a->v_dpi[h], PM_GEMV_AV, access, wl, dwl, side, cmp);
}
/** Readiness for results of the first `mram` weight arrays and of the heads' arrays, with stalls. */
static inline void pm_flare_arrays_ready(unsigned mram, unsigned heads, uint32_t *w, uint32_t *k,
                                         uint32_t *v) {
    *w = *k = *v = 0;
    for (unsigned i = 0; i < mram; i++)
        *w |= (uint32_t)!pm_sim_stall() << i;
    for (unsigned h = 0; h < heads; h++) {
        *k |= (uint32_t)!pm_sim_stall() << h;
        *v |= (uint32_t)!pm_sim_stall() << h;
    }
}

#endif
