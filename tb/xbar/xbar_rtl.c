// SPDX-License-Identifier: Apache-2.0
#include "xbar_rtl.h"

#include "stream.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    const struct pm_xbar *matrix;
    const struct pm_xbar_cfg *cfg;
    const int32_t *x;
    size_t stride, rows, outputs; /* in use */
    size_t pin_rows, pin_outputs; /* elaborated */
    unsigned c, a, b, tile, first;
    uint32_t first_vector;
    int64_t *result;
    int32_t *code; /* [outputs] */
    uint64_t clips;
    struct pm_stream_out vectors;
    struct pm_stream_in y;
    bool ready, held;        /* of the array in this clock; an access stood and was not answered */
    uint64_t hash, accesses; /* of that access; answered so far */
} run;

static unsigned code_width(void) {
    return (unsigned)pm_clog2((unsigned)run.pin_rows * ((1u << run.c) - 1) + 1) + 1;
}

static unsigned sum_width(void) {
    return run.a + run.b + 1 + (unsigned)pm_clog2((unsigned)run.pin_rows);
}

/* A vector's accesses. */
static uint64_t per_vector(void) {
    return (uint64_t)run.cfg->abits * pm_xbar_slices(run.cfg);
}

void pm_xbar_elaborated(int rows, int outputs, int c, int a, int b, int *abits, int *wbits, int *cell_bits,
                        unsigned char *is_signed) {
    run.pin_rows = (size_t)rows;
    run.pin_outputs = (size_t)outputs;
    run.c = (unsigned)c;
    run.a = (unsigned)a;
    run.b = (unsigned)b;
    *abits = (int)run.cfg->abits;
    *wbits = (int)run.cfg->wbits;
    *cell_bits = (int)run.cfg->cell;
    *is_signed = run.cfg->is_signed;
    const size_t left = pm_xbar_outputs(run.matrix) - run.first;
    run.outputs = left < run.pin_outputs ? left : run.pin_outputs;
    run.code = malloc(run.outputs * sizeof *run.code);
    if (run.code == NULL)
        pm_sim_finish(PM_ENOMEM);
    else if (run.rows > run.pin_rows || run.cfg->abits > run.a || run.cfg->wbits > run.b ||
             run.cfg->cell > run.c)
        pm_sim_finish(PM_ESHAPE);
}

/* What an access shows: planes and slices in turn, no line beyond the rows, all as they are while the array
 * has not answered. */
static void see_access(const uint32_t *wl, unsigned slice, unsigned plane, bool last) {
    const uint64_t in_vector = run.accesses % per_vector(), slices = pm_xbar_slices(run.cfg);
    const uint64_t hash = pm_stream_hash(slice << 4 | plane, wl, run.pin_rows);
    pm_sim_need(!run.held || hash == run.hash);
    run.hash = hash;
    pm_sim_need(plane == in_vector / slices && slice == in_vector % slices);
    pm_sim_need(last == (in_vector == per_vector() - 1));
    pm_sim_need(run.accesses / per_vector() < run.vectors.taken);
}

void pm_xbar_convert(const uint32_t *wl, int slice, int plane, uint32_t *d) {
    const uint64_t vector = run.accesses / per_vector();
    const int32_t *x = run.x + vector * run.stride;
    uint64_t wordlines[PM_XBAR_MAX_ROWS / 64] = {0};
    for (size_t r = 0; r < run.pin_rows; r++) {
        const bool on = pm_get_bits(wl, r, 1);
        pm_sim_need(on == (r < run.rows && (x[r] >> plane & 1)));
        wordlines[r / 64] |= (uint64_t)on << r % 64;
    }
    const struct pm_xbar_access access = {run.tile,        (unsigned)plane,
                                          (unsigned)slice, run.first_vector + (uint32_t)vector,
                                          run.first,       (unsigned)run.outputs};
    run.clips += pm_xbar_read(run.matrix, &access, wordlines, run.code);
    pm_pins_noise(d, run.pin_outputs * code_width());
    for (size_t m = 0; m < run.outputs; m++)
        pm_pins_put(d, m, code_width(), run.code[m], true);
}

void pm_xbar_step(unsigned char x_ready, unsigned char wl_valid, const uint32_t *wl, int slice, int plane,
                  unsigned char last, unsigned char y_valid, const uint32_t *y, unsigned char *x_valid,
                  uint32_t *x, unsigned char *wl_ready, unsigned char *y_ready) {
    pm_sim_need(!run.held || wl_valid);
    if (wl_valid)
        see_access(wl, (unsigned)slice, (unsigned)plane, last);
    run.held = wl_valid && !run.ready;
    if (wl_valid && run.ready) {
        run.accesses++;
        pm_sim_progress();
    }
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, run.outputs * sum_width()),
                       run.accesses / per_vector()))
        for (size_t m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] = pm_get_signed(y, m * sum_width(), sum_width());
    pm_stream_fired(&run.vectors, x_ready);
    *x_valid = pm_stream_offer(&run.vectors);
    pm_pins_noise(x, run.pin_rows * run.a);
    for (size_t r = 0; *x_valid && r < run.pin_rows; r++)
        pm_set_bits(x, r * run.a, run.a,
                    r < run.rows ? (uint64_t)run.x[run.vectors.taken * run.stride + r] : 0);
    *wl_ready = run.ready = !pm_sim_stall();
    *y_ready = pm_stream_ready(&run.y, y_valid);
    pm_stream_end(&run.y, 4);
}

static bool fits(const struct pm_xbar_cfg *c, const int32_t *x, size_t stride, size_t vectors, size_t rows) {
    const int32_t top = (int32_t)1 << (c->is_signed ? c->abits - 1 : c->abits),
                  least = c->is_signed ? -top : 0;
    for (size_t t = 0; t < vectors; t++)
        for (size_t r = 0; r < rows; r++)
            if (x[t * stride + r] < least || x[t * stride + r] >= top)
                return false;
    return true;
}

pm_status pm_xbar_rtl(const struct pm_sim_opts *opts, const struct pm_xbar *matrix, unsigned tile,
                      unsigned first, const int32_t *x, size_t stride, size_t vectors, uint32_t first_vector,
                      int64_t *y, unsigned *n, uint64_t *clips, uint64_t *clocks) {
    const struct pm_xbar_cfg *cfg = pm_xbar_config(matrix);
    const unsigned left = pm_xbar_rows(matrix) - tile * cfg->rows;
    memset(&run, 0, sizeof run);
    run.matrix = matrix;
    run.cfg = cfg;
    run.tile = tile;
    run.first = first;
    run.x = x;
    run.stride = stride;
    run.rows = left < cfg->rows ? left : cfg->rows;
    run.first_vector = first_vector;
    run.result = y;
    run.vectors.items = run.y.items = vectors;
    if (!fits(cfg, x, stride, vectors, run.rows))
        return PM_ERANGE;
    const pm_status status = pm_sim_run(opts, NULL);
    *n = (unsigned)run.outputs;
    *clips += run.clips;
    if (clocks)
        *clocks = run.y.last - run.vectors.first;
    free(run.code);
    return status;
}
