// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_pva_gemv_tb. */
#include "pva_gemv_rtl.h"

#include "stream.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = PM_PVA_ROWS / 64 };

static _Thread_local struct {
    const struct pm_pva *matrix;
    const struct pm_pva_cfg *cfg;
    unsigned tile, rows, first_output, outputs, all_outputs; /* outputs: of the matrix in this run */
    unsigned pins, pin_outputs, acc_bits;                    /* of the model */
    const int32_t *vector;
    size_t stride;
    uint32_t first_vector;
    int64_t *result;
    uint8_t *code; /* [2][outputs] */
    uint64_t clips;
    /* The schedule's next access: of vector number `vectors`. */
    size_t vectors;
    unsigned bit, digit, from, access;
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;

void pm_pva_gemv_elaborated(int rows, int outputs, int xbits, int digits, uint32_t *places,
                            uint32_t *rows_used, unsigned char *is_signed) {
    const struct pm_pva_cfg *c = run.cfg;
    run.pins = (unsigned)rows;
    run.pin_outputs = (unsigned)outputs;
    run.acc_bits = (unsigned)(xbits + 2 * digits + 2 + pm_clog2((unsigned)rows));
    *rows_used = run.rows;
    *is_signed = c->is_signed;
    if (run.rows > run.pins || c->xbits != (unsigned)xbits || pm_pva_digits(c->wbits) != (unsigned)digits) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    for (unsigned s = 0; s < pm_pva_places(c->xbits, c->wbits); s++)
        pm_set_bits(places, (size_t)s * 12, 12, (uint64_t)c->place[s].k << 10 | c->place[s].n);
    const unsigned left = run.all_outputs - run.first_output;
    run.outputs = left < run.pin_outputs ? left : run.pin_outputs;
}

/* The access under way against the schedule: wordlines, and what stands beside them; then to the next one. */
static bool is_due(const uint64_t *wordlines, unsigned place, unsigned k, bool neg, bool last) {
    const struct pm_pva_cfg *c = run.cfg;
    const struct pm_pva_place p = c->place[run.bit + 2 * run.digit];
    const unsigned to = run.from + p.n < run.rows ? run.from + p.n : run.rows;
    const int32_t *x = run.vector + run.vectors * run.stride;
    bool ok = place == run.bit + 2 * run.digit && k == p.k;
    ok = ok && neg == (c->is_signed && run.bit == c->xbits - 1);
    ok = ok && last == (to == run.rows && run.digit == 0 && run.bit == c->xbits - 1);
    for (unsigned r = 0; r < run.pins; r++) {
        const bool on = r >= run.from && r < to && ((uint32_t)x[r < run.rows ? r : 0] >> run.bit & 1);
        ok = ok && (wordlines[r / 64] >> r % 64 & 1) == on;
    }
    run.from = to;
    run.access++;
    if (to < run.rows)
        return ok;
    run.from = 0;
    if (run.digit-- > 0)
        return ok;
    run.digit = pm_pva_digits(c->wbits) - 1;
    if (++run.bit < c->xbits)
        return ok;
    run.bit = run.access = 0;
    run.vectors++;
    return ok;
}

void pm_pva_gemv_access(const uint32_t *wl, int digit, int place, int k, unsigned char neg,
                        unsigned char last, uint32_t *code_p, uint32_t *code_n) {
    uint64_t wordlines[WORDS] = {0};
    struct pm_pva_access a = {.tile = run.tile,
                              .digit = (unsigned)digit,
                              .k = (unsigned)k,
                              .vector = run.first_vector + (uint32_t)run.vectors,
                              .access = run.access,
                              .first = run.first_output,
                              .n = run.outputs};
    const bool in_order = run.vectors < run.x.taken && a.digit == run.digit;
    for (unsigned w = 0; w < (run.pins + 31) / 32; w++)
        wordlines[w / 2] |= (uint64_t)wl[w] << (w % 2 * 32);
    if (!in_order || !is_due(wordlines, (unsigned)place, a.k, neg, last)) {
        pm_sim_finish(PM_EDIFFER);
        return;
    }
    uint8_t *const minus = run.code + run.outputs;
    run.clips += pm_pva_read(run.matrix, &a, wordlines, run.code);
    a.first += run.all_outputs;
    run.clips += pm_pva_read(run.matrix, &a, wordlines, minus);
    for (unsigned m = 0; m < run.pin_outputs; m++) {
        pm_set_bits(code_p, (size_t)m * 5, 5, m < run.outputs ? run.code[m] : 0);
        pm_set_bits(code_n, (size_t)m * 5, 5, m < run.outputs ? minus[m] : 0);
    }
    pm_sim_progress();
}

void pm_pva_gemv_unstable(void) {
    pm_sim_finish(PM_EDIFFER);
}

void pm_pva_gemv_step(unsigned char x_ready, unsigned char *x_valid, uint32_t *x, unsigned char *wl_ready,
                      unsigned char y_valid, unsigned char *y_ready, const uint32_t *y) {
    const unsigned bits = run.cfg->xbits;
    pm_stream_fired(&run.x, x_ready);
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, (size_t)run.pin_outputs * run.acc_bits),
                       run.vectors))
        for (unsigned m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] =
                pm_get_signed(y, (size_t)m * run.acc_bits, run.acc_bits);
    pm_stream_end(&run.y, 21);
    *x_valid = pm_stream_offer(&run.x);
    if (run.x.valid)
        for (unsigned d = 0; d < run.pins; d++)
            pm_set_bits(x, (size_t)d * bits, bits,
                        (uint64_t)(d < run.rows ? run.vector[run.x.taken * run.stride + d]
                                                : pm_pins_padding(run.x.taken * run.pins + d)));
    else
        pm_pins_noise(x, (size_t)run.pins * bits);
    *wl_ready = !pm_sim_stall();
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

pm_status pm_pva_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_pva *matrix, unsigned tile,
                          unsigned first_output, const int32_t *x, size_t stride, size_t vectors,
                          uint32_t first_vector, int64_t *y, uint64_t *clips, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.matrix = matrix;
    run.cfg = pm_pva_config(matrix);
    run.tile = tile;
    run.rows = pm_pva_tile_rows(matrix, tile);
    run.all_outputs = pm_pva_outputs(matrix);
    run.first_output = first_output;
    run.vector = x;
    run.stride = stride;
    run.first_vector = first_vector;
    run.result = y;
    run.digit = pm_pva_digits(run.cfg->wbits) - 1;
    run.x.items = run.y.items = vectors;
    if (run.cfg->coding != PM_PVA_DIFF)
        return PM_EMODE;
    run.code = malloc(2 * (size_t)run.all_outputs);
    pm_status status = run.code ? pm_sim_run(opts, NULL) : PM_ENOMEM;
    if (status == PM_OK && run.vectors != vectors)
        status = PM_EDIFFER;
    if (clips)
        *clips = run.clips;
    if (clocks)
        *clocks = run.y.last - run.x.first + 1;
    free(run.code);
    return status;
}
