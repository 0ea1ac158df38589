// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_flare_gemv_tb. */
#include "flare_gemv_rtl.h"

#include "array_dpi.h"
#include "stream.h"
#include "therm_enc.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    const struct pm_bitsift_cfg *cfg;
    unsigned outputs, wbits, acc_bits;
    unsigned arrays;
    struct pm_array_dpi dpi[PM_FLARE_ARRAYS];
    uint32_t *cmp;             /* of one array */
    uint32_t *accesses, count; /* of each vector; of this one so far */
    const int32_t *vector;
    int64_t *result;
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;
static _Thread_local unsigned pace = 1;

void pm_flare_gemv_elaborated(int rows, int outputs, int wbits, int xbits, int slice, int scan, int arrays,
                              uint8_t *modes) {
    const struct pm_bitsift_cfg *c = run.cfg;
    run.acc_bits = (unsigned)xbits + (unsigned)wbits + (unsigned)pm_clog2((unsigned)(rows * arrays));
    *modes = (uint8_t)(c->is_signed | (c->coding == PM_SIGN) << 1 | c->eplanes << 2);
    if ((unsigned)(rows * arrays) != c->rows || (unsigned)outputs != run.outputs ||
        (unsigned)wbits != run.wbits || (unsigned)xbits != c->bits || (unsigned)slice != c->slice ||
        scan != (c->mode == PM_GPC_SCAN) || (unsigned)arrays != run.arrays)
        pm_sim_finish(PM_ESHAPE);
}

/* The vector has ended in every array. */
static void end_vector(void) {
    const size_t vector = pm_array_dpi_vectors(&run.dpi[0]);
    if (run.accesses && vector < run.x.items)
        run.accesses[vector] = run.count;
    run.count = 0;
    for (unsigned k = 0; k < run.arrays; k++)
        pm_array_dpi_end(&run.dpi[k]);
}

void pm_flare_gemv_access(const uint32_t *wl, const uint32_t *dwl, int plane, uint8_t neg,
                          const uint32_t *last_plane, uint8_t last, uint32_t *cmp) {
    const unsigned each = run.cfg->rows / run.arrays, bits = run.outputs * run.wbits * PM_COMPARATORS;
    unsigned active = 0;
    for (unsigned k = 0; k < run.arrays; k++) {
        uint32_t lines[PM_ARRAY_MAX_ROWS / 32] = {0}, any = 0;
        for (unsigned r = 0; r < each; r += 32)
            any |= lines[r / 32] = pm_get_bits(wl, (size_t)k * each + r, each - r < 32 ? each - r : 32);
        const struct pm_array_pins pins = {lines, pm_get_bits(dwl, (size_t)k * 7, 7), (unsigned)plane,
                                           neg,   pm_get_bits(last_plane, k, 1),      false};
        if (any) {
            pm_array_dpi_read(&run.dpi[k], &pins, run.cmp);
            for (unsigned c = 0; c < bits; c += 8)
                pm_set_bits(cmp, (size_t)k * bits + c, 8, pm_get_bits(run.cmp, c, 8));
            active++;
        } else { /* it takes no part: its comparators are noise */
            pm_sim_need(pins.dwl == 0 && !pins.last_plane);
            for (unsigned c = 0; c < bits; c += 8)
                pm_set_bits(cmp, (size_t)k * bits + c, 8, 0xff);
        }
    }
    pm_sim_need(active > 0);
    run.count++;
    if (last)
        end_vector();
    pm_sim_progress();
}

void pm_flare_gemv_skip(void) {
    pm_sim_need(run.count == 0);
    end_vector();
}

void pm_flare_gemv_unstable(void) {
    pm_sim_finish(PM_EDIFFER);
}

void pm_flare_gemv_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *x, uint8_t *wl_ready, uint8_t y_valid,
                        uint8_t *y_ready, const uint32_t *y) {
    const unsigned rows = run.cfg->rows, bits = run.cfg->bits;
    pm_stream_fired(&run.x, x_ready);
    /* No result before its vector's last access. */
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, (size_t)run.outputs * run.acc_bits),
                       pm_array_dpi_vectors(&run.dpi[0])))
        for (unsigned m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] =
                pm_get_signed(y, (size_t)m * run.acc_bits, run.acc_bits);
    pm_stream_end(&run.y, 21);
    if (run.x.taken == 0 || pm_sim_clock() >= run.x.last + pace - 1)
        pm_stream_offer(&run.x);
    *x_valid = run.x.valid;
    if (run.x.valid)
        for (unsigned d = 0; d < rows; d++)
            pm_set_bits(x, (size_t)d * bits, bits, (uint32_t)run.vector[run.x.taken * rows + d]);
    else
        pm_pins_noise(x, (size_t)rows * bits);
    *wl_ready = !pm_sim_stall();
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

void pm_flare_gemv_pace(unsigned clocks) {
    pace = clocks;
}

static void split_end(struct pm_array **a) {
    for (unsigned k = 0; k < run.arrays; k++) {
        pm_array_dpi_free(&run.dpi[k]);
        pm_array_free(a[k]);
    }
    free(run.cmp);
}

pm_status pm_flare_split_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                             unsigned arrays, const struct pm_array_cfg *array, const int16_t *w,
                             unsigned outputs, unsigned wbits, const int32_t *x, size_t vectors, int64_t *y,
                             uint32_t *accesses, uint64_t *clocks) {
    struct pm_array *a[PM_FLARE_ARRAYS] = {NULL};
    if (cfg->mode == PM_GPC_NEXT)
        return PM_EMODE;
    if (pm_bitsift_check(cfg) != PM_OK || outputs == 0 || wbits < 2 || wbits > 16 || arrays < 1 ||
        arrays > PM_FLARE_ARRAYS || cfg->rows % arrays != 0)
        return PM_EINVAL;
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.arrays = arrays;
    run.outputs = outputs;
    run.wbits = wbits;
    run.vector = x;
    run.result = y;
    run.accesses = accesses;
    run.x.items = run.y.items = vectors;
    run.cmp = calloc(((size_t)outputs * wbits * PM_COMPARATORS + 31) / 32, sizeof *run.cmp);
    const unsigned each = cfg->rows / arrays;
    pm_status status = run.cmp ? PM_OK : PM_ENOMEM;
    for (unsigned k = 0; k < arrays && status == PM_OK; k++) {
        a[k] = pm_array_new(array, k, each, outputs * wbits);
        if (!a[k]) {
            status = PM_ENOMEM;
            break;
        }
        pm_flare_program(a[k], w + (size_t)k * each * outputs, each, outputs, wbits);
        status = pm_array_dpi_init(&run.dpi[k], a[k], each, 0, NULL, vectors);
    }
    if (status == PM_OK)
        status = pm_sim_run(opts, NULL);
    /* The arrays saw each vector once. */
    if (status == PM_OK && pm_array_dpi_vectors(&run.dpi[0]) != vectors)
        status = PM_EDIFFER;
    if (clocks)
        *clocks = run.y.last - run.x.first;
    split_end(a);
    return status;
}

pm_status pm_flare_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                            const struct pm_array_cfg *array, const int16_t *w, unsigned outputs,
                            unsigned wbits, const int32_t *x, size_t vectors, int64_t *y, uint32_t *accesses,
                            uint64_t *clocks) {
    return pm_flare_split_rtl(opts, cfg, 1, array, w, outputs, wbits, x, vectors, y, accesses, clocks);
}
