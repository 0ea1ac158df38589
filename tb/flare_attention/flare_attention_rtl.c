// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_flare_attention_tb: streams tokens, plays the arrays, records stages. */
#include "flare_attention_rtl.h"

#include "stream.h"

#include <string.h>

struct stage_count {
    unsigned q, o, o8, logit[PM_MAX_HEADS], a[PM_MAX_HEADS];
};

struct run {
    const struct pm_attention_cfg *cfg;
    const struct pm_attention_weights *w;
    const int8_t *x;
    const int32_t *ex;
    const uint8_t *keep;
    unsigned n, prefill, max_tokens;
    int8_t *y;
    int32_t *e;
    const struct pm_attention_trace *trace;
    struct pm_flare_arrays arrays;
    struct stage_count stage;
    struct pm_stream_out in; /* each run's tokens twice */
    struct pm_stream_in wr, out;
    uint32_t flags;
};
static _Thread_local struct run *run;

void pm_fa_elaborated(int d, int heads, int kvb, int max_tokens, int max_shl) {
    const struct pm_attention_cfg *c = run->cfg;
    bool fits = (unsigned)d == c->width && (unsigned)heads == c->heads && (unsigned)kvb == c->kvb &&
                (unsigned)max_tokens == run->max_tokens;
    for (unsigned t = 0; t < run->n; t++)
        fits = fits && (max_shl == 31 || run->ex[t] >= -max_shl);
    if (!fits)
        pm_sim_finish(PM_EINVAL);
}

/* The run at hand, or the last: its first token and the one behind its last. A causal run's keys behind that
 * are kept, too. */
static void put_run(uint32_t *n_tokens, uint8_t *append, uint32_t *keep) {
    const unsigned done = run->out.taken < run->n ? (unsigned)run->out.taken : run->n - 1;
    const bool first = done < run->prefill;
    const unsigned end = first ? run->prefill : done + 1;
    *n_tokens = first ? run->prefill : 1;
    *append = !first;
    for (unsigned j = 0; j < run->max_tokens; j++)
        pm_set_bits(keep, j, 1, j < end ? !run->keep || run->keep[j] : run->cfg->causal);
}

void pm_fa_config(uint32_t *n_tokens, uint8_t *append, uint32_t *keep, uint32_t *modes, uint32_t *m,
                  uint32_t *e0, uint32_t *lut, uint32_t *bias) {
    const struct pm_attention_cfg *c = run->cfg;
    put_run(n_tokens, append, keep);
    *modes = (uint32_t)c->round | (uint32_t)(c->coding_x == PM_SIGN) << 1 |
             (uint32_t)(c->coding_q == PM_SIGN) << 2 | (uint32_t)(c->coding_o == PM_SIGN) << 3 |
             (uint32_t)c->causal << 4;
    *m = c->mk | c->mv << 5;
    for (unsigned h = 0; h < c->heads; h++) {
        struct pm_vdr_lut table;
        pm_vdr_lut_init(&table, c->s0[h]);
        pm_set_bits(e0, h * 16, 16, (uint64_t)(int64_t)c->e0[h]);
        for (unsigned i = 0; i < PM_VDR_ENTRIES; i++) {
            size_t at = (h * PM_VDR_ENTRIES + i) * 96;
            pm_set_bits(lut, at, 32, table.e[i].l);
            pm_set_bits(lut, at + 32, 32, table.e[i].b);
            pm_set_bits(lut, at + 64, 32, table.e[i].c);
        }
    }
    const int32_t *source[PM_FLARE_MRAM] = {run->w->bk, run->w->bv, run->w->bq, run->w->bo};
    for (unsigned b = 0; b < PM_FLARE_MRAM; b++)
        for (unsigned i = 0; i < c->width; i++)
            bias[b * c->width + i] = source[b] ? (uint32_t)source[b][i] : 0;
}

static void take_write(unsigned token, const uint32_t *k, const uint32_t *v) {
    const struct pm_attention_cfg *c = run->cfg;
    int16_t row_k[PM_MAX_WIDTH], row_v[PM_MAX_WIDTH];
    if (token != run->wr.taken - 1) {
        pm_sim_finish(PM_EDIFFER);
        return;
    }
    pm_flare_arrays_write(&run->arrays, token, k, v, row_k, row_v);
    if (run->trace && run->trace->k)
        memcpy(run->trace->k + (size_t)token * c->width, row_k, c->width * sizeof *row_k);
    if (run->trace && run->trace->v)
        memcpy(run->trace->v + (size_t)token * c->width, row_v, c->width * sizeof *row_v);
}

static void take_y(const uint32_t *y, uint32_t e) {
    const size_t token = run->out.taken - 1;
    for (unsigned i = 0; i < run->cfg->width; i++)
        run->y[token * run->cfg->width + i] = (int8_t)pm_get_signed(y, i * 8, 8);
    run->e[token] = (int16_t)e;
}

static void put_token(unsigned t, uint32_t *x, uint32_t *ex) {
    const unsigned d = run->cfg->width;
    for (unsigned i = 0; i < d; i++)
        pm_pins_put(x, i, 8, run->x[(size_t)t * d + i], true);
    *ex = (uint16_t)run->ex[t];
}

/* Item i of the input: the first run's tokens, again, and each of the others twice. */
static size_t token_of(size_t i) {
    const size_t p = run->prefill;
    return i < 2 * p ? i % p : p + (i - 2 * p) / 2;
}

/* How many of the first `items` are of first passes. */
static size_t seen_of(size_t items) {
    const size_t p = run->prefill;
    return items < p ? items : items < 2 * p ? p : p + (items - 2 * p + 1) / 2;
}

void pm_fa_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *x, uint32_t *ex, uint8_t wr_valid,
                uint8_t *wr_ready, const uint32_t *wr_token, const uint32_t *wr_k, const uint32_t *wr_v,
                uint8_t y_valid, uint8_t *y_ready, const uint32_t *y, const uint32_t *e,
                const uint32_t *flags, uint32_t *w_ready, uint32_t *k_ready, uint32_t *v_ready,
                uint32_t *n_tokens, uint8_t *append, uint32_t *keep) {
    const size_t d = run->cfg->width, kv_bits = d * run->cfg->kvb;
    pm_stream_fired(&run->in, x_ready);
    const size_t seen = seen_of(run->in.taken);
    if (pm_stream_take(&run->wr, wr_valid,
                       pm_stream_hash(pm_stream_hash(*wr_token, wr_k, kv_bits), wr_v, kv_bits), seen))
        take_write(*wr_token, wr_k, wr_v);
    /* Outputs are of the second pass, when all of the first is written. */
    if (pm_stream_take(&run->out, y_valid, pm_stream_hash(*e, y, d * 8),
                       run->wr.taken == seen ? run->in.taken - seen : run->out.taken))
        take_y(y, *e);
    run->flags |= *flags; /* sticky, each run anew */
    pm_stream_end(&run->out, 0);

    *x_valid = pm_stream_offer(&run->in);
    if (*x_valid) {
        put_token((unsigned)token_of(run->in.taken), x, ex);
    } else {
        pm_pins_noise(x, d * 8);
        pm_pins_noise(ex, 16);
    }
    *wr_ready = pm_stream_ready(&run->wr, wr_valid);
    *y_ready = pm_stream_ready(&run->out, y_valid);
    put_run(n_tokens, append, keep);
    pm_flare_arrays_ready(PM_FLARE_MRAM, run->cfg->heads, w_ready, k_ready, v_ready);
}

void pm_fa_read_w(int m, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_w(&run->arrays, m, access, wl, *dwl, *side, cmp);
}

void pm_fa_read_k(int h, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_k(&run->arrays, h, access, wl, *dwl, *side, cmp);
}

void pm_fa_read_v(int h, uint8_t access, const uint32_t *wl, const uint32_t *dwl, const uint32_t *side,
                  uint32_t *cmp) {
    pm_flare_arrays_read_v(&run->arrays, h, access, wl, *dwl, *side, cmp);
}

void pm_fa_stage_q(const uint32_t *q) {
    unsigned d = run->cfg->width, t = run->stage.q++;
    if (t < run->n && run->trace && run->trace->q)
        for (unsigned i = 0; i < d; i++)
            run->trace->q[(size_t)t * d + i] = (int16_t)pm_get_signed(q, i * 8, 8);
}

void pm_fa_stage_logit(int h, const uint32_t *row) {
    unsigned t = run->stage.logit[h]++;
    if (t < run->n && run->trace && run->trace->logit)
        for (unsigned j = 0; j < run->n; j++)
            run->trace->logit[((size_t)t * run->cfg->heads + (unsigned)h) * run->n + j] =
                (int16_t)pm_get_signed(row, j * 8, 8);
}

void pm_fa_stage_a(int h, const uint32_t *row, const uint32_t *z) {
    unsigned t = run->stage.a[h]++;
    size_t at = (size_t)t * run->cfg->heads + (unsigned)h;
    if (t < run->n && run->trace && run->trace->a)
        for (unsigned j = 0; j < run->n; j++)
            run->trace->a[at * run->n + j] = (uint8_t)pm_get_bits(row, j * 8, 8);
    if (t < run->n && run->trace && run->trace->z)
        run->trace->z[at] = *z;
}

void pm_fa_stage_o(const uint32_t *o) {
    unsigned d = run->cfg->width, t = run->stage.o++;
    if (t < run->n && run->trace && run->trace->o)
        memcpy(run->trace->o + (size_t)t * d, o, d * sizeof *o);
}

void pm_fa_stage_o8(const uint32_t *o8) {
    unsigned d = run->cfg->width, t = run->stage.o8++;
    if (t < run->n && run->trace && run->trace->o8)
        for (unsigned i = 0; i < d; i++)
            run->trace->o8[(size_t)t * d + i] = (int16_t)pm_get_signed(o8, i * 8, 8);
}

pm_status pm_flare_attention_rtl(const struct pm_sim_opts *opts, const struct pm_attention_cfg *cfg,
                                 const struct pm_attention_weights *w, unsigned max_tokens, uint32_t array_id,
                                 const int8_t *x, const int32_t *ex, const uint8_t *keep, unsigned n,
                                 unsigned prefill, uint32_t first_vector, int8_t *y, int32_t *e,
                                 const struct pm_attention_trace *trace,
                                 struct pm_attention_rtl_result *result) {
    if (cfg->norm != PM_NORM_RECIP)
        return PM_EMODE;
    if (pm_attention_check(cfg) != PM_OK || n < 1 || n > max_tokens || prefill < 1 || prefill > n)
        return PM_EINVAL;
    struct run r = {.cfg = cfg,
                    .w = w,
                    .x = x,
                    .ex = ex,
                    .keep = keep,
                    .n = n,
                    .prefill = prefill,
                    .max_tokens = max_tokens,
                    .y = y,
                    .e = e,
                    .trace = trace,
                    .in = {.items = (size_t)n * 2},
                    .wr = {.items = n},
                    .out = {.items = n}};
    *result = (struct pm_attention_rtl_result){0};
    pm_status status = pm_flare_arrays_begin(&r.arrays, cfg, w, max_tokens, array_id, first_vector);
    if (status == PM_OK) {
        run = &r;
        status = pm_sim_run(opts, NULL);
        run = NULL;
        result->tokens_in = (unsigned)r.in.taken;
        result->tokens_out = (unsigned)r.out.taken;
        result->z_zero = r.flags & 1;
        result->k_sat = r.flags >> 1 & 1;
        result->v_sat = r.flags >> 2 & 1;
        result->first_write = r.wr.first;
        result->last_write = r.wr.last;
        result->first_y = r.out.first;
        result->last_y = r.out.last;
        result->clocks = r.out.last - r.in.first + 1;
        memcpy(result->accesses, r.arrays.accesses, sizeof result->accesses);
    }
    pm_flare_arrays_end(&r.arrays);
    return status;
}
