// SPDX-License-Identifier: Apache-2.0
#include "xbar_rtl.h"

#include "stream.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    struct pm_xbar_cfg cfg;
    const int32_t *x;
    size_t stride, rows, outputs; /* in use */
    size_t pin_rows, pin_outputs; /* elaborated */
    unsigned c, a, b;
    uint8_t *level; /* [rows][outputs][slices][2]: the cells */
    int64_t *result;
    uint64_t *clips;
    struct pm_stream_out vectors;
    struct pm_stream_in y;
    bool ready, held;       /* of the array in this clock; an access stood and was not answered */
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
    return (uint64_t)run.cfg.abits * pm_xbar_slices(&run.cfg);
}

void pm_xbar_config(int rows, int outputs, int c, int a, int b, int *abits, int *wbits, int *cell_bits,
                    unsigned char *is_signed) {
    run.pin_rows = (size_t)rows;
    run.pin_outputs = (size_t)outputs;
    run.c = (unsigned)c;
    run.a = (unsigned)a;
    run.b = (unsigned)b;
    *abits = (int)run.cfg.abits;
    *wbits = (int)run.cfg.wbits;
    *cell_bits = (int)run.cfg.cell;
    *is_signed = run.cfg.is_signed;
    if (run.rows > run.pin_rows || run.outputs > run.pin_outputs || run.cfg.abits > run.a ||
        run.cfg.wbits > run.b || run.cfg.cell > run.c)
        pm_sim_finish(PM_ESHAPE);
}

/* What an access shows: planes and slices in turn, no line beyond the rows, all as they are while the array
 * has not answered. */
static void see_access(const uint32_t *wl, unsigned slice, unsigned plane, bool last) {
    const uint64_t in_vector = run.accesses % per_vector(), slices = pm_xbar_slices(&run.cfg);
    const uint64_t hash = pm_stream_hash(slice << 4 | plane, wl, run.pin_rows);
    pm_sim_need(!run.held || hash == run.hash);
    run.hash = hash;
    pm_sim_need(plane == in_vector / slices && slice == in_vector % slices);
    pm_sim_need(last == (in_vector == per_vector() - 1));
    pm_sim_need(run.accesses / per_vector() < run.vectors.taken);
}

void pm_xbar_convert(const uint32_t *wl, int slice, int plane, uint32_t *d) {
    const size_t slices = pm_xbar_slices(&run.cfg);
    const int32_t *x = run.x + run.accesses / per_vector() * run.stride;
    for (size_t r = 0; r < run.pin_rows; r++)
        pm_sim_need(pm_get_bits(wl, r, 1) == (r < run.rows && (x[r] >> plane & 1)));
    pm_pins_noise(d, run.pin_outputs * code_width());
    for (size_t m = 0; m < run.outputs; m++) {
        int32_t sum = 0;
        for (size_t r = 0; r < run.rows; r++) {
            const uint8_t *pair = run.level + ((r * run.outputs + m) * slices + (size_t)slice) * 2;
            sum += pm_get_bits(wl, r, 1) ? pair[0] - pair[1] : 0;
        }
        pm_pins_put(d, m, code_width(), pm_xbar_code(&run.cfg, sum, run.clips), true);
    }
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
            run.result[(run.y.taken - 1) * run.outputs + m] =
                pm_get_signed(y, m * sum_width(), sum_width());
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

static bool fits(const struct pm_xbar_cfg *c, const int32_t *x, size_t stride, const int16_t *w,
                 size_t w_stride, size_t vectors, size_t rows, size_t outputs) {
    const int32_t top = (int32_t)1 << (c->is_signed ? c->abits - 1 : c->abits), least = c->is_signed ? -top : 0;
    for (size_t t = 0; t < vectors; t++)
        for (size_t r = 0; r < rows; r++)
            if (x[t * stride + r] < least || x[t * stride + r] >= top)
                return false;
    for (size_t r = 0; r < rows; r++)
        for (size_t m = 0; m < outputs; m++)
            if (w[r * w_stride + m] < -(1 << (c->wbits - 1)) || w[r * w_stride + m] >= 1 << (c->wbits - 1))
                return false;
    return true;
}

pm_status pm_xbar_rtl(const struct pm_sim_opts *opts, const struct pm_xbar_cfg *cfg, const int32_t *x,
                      size_t stride, const int16_t *w, size_t w_stride, size_t vectors, size_t rows,
                      size_t outputs, int64_t *y, uint64_t *clips, uint64_t *clocks) {
    if (pm_xbar_check(cfg) != PM_OK)
        return PM_EINVAL;
    if (vectors == 0 || rows == 0 || rows > cfg->rows || outputs == 0)
        return PM_ESHAPE;
    if (!fits(cfg, x, stride, w, w_stride, vectors, rows, outputs))
        return PM_ERANGE;
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.x = x;
    run.stride = stride;
    run.rows = rows;
    run.outputs = outputs;
    run.result = y;
    run.clips = clips;
    run.vectors.items = run.y.items = vectors;
    const size_t slices = pm_xbar_slices(cfg);
    run.level = calloc(rows * outputs * slices, 2);
    if (run.level == NULL)
        return PM_ENOMEM;
    for (size_t i = 0; i < rows * outputs * slices; i++) {
        const int weight = w[i / slices / outputs * w_stride + i / slices % outputs];
        run.level[2 * i + (weight < 0)] = (uint8_t)pm_xbar_level(cfg, weight, (unsigned)(i % slices));
    }
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.vectors.first;
    free(run.level);
    return status;
}
