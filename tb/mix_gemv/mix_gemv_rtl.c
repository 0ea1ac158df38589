// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_mix_gemv_tb. */
#include "mix_gemv_rtl.h"

#include "stream.h"

#include <string.h>

#define DPV_BITS 40

static _Thread_local struct {
    const struct pm_mix_back *back;
    size_t kernels, routed; /* dot products taken */
    unsigned power_bits;
    int64_t *y;
    uint8_t *flags;
    struct {
        struct pm_stream_out results;
        size_t at; /* of the result that comes next, in all dot products */
    } engine[3];
    struct pm_stream_out powers;
    struct pm_stream_in out;
} run;

void pm_mix_gemv_tables(int kernels, int power_bits, uint8_t *is_float, uint32_t *dest, uint32_t *pw) {
    *is_float = run.back->is_float;
    run.power_bits = (unsigned)power_bits;
    if ((size_t)kernels != run.kernels) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    for (size_t m = 0; m < run.kernels; m++) {
        pm_pins_put(dest, m, 2, run.back->dest[m], false);
        pm_pins_put(pw, m, run.power_bits, run.back->pw[m], true);
    }
}

/* The engine's next kernel from `at` on. */
static size_t next(unsigned engine, size_t at, size_t end) {
    while (at < end && run.back->dest[at % run.kernels] != engine)
        at++;
    return at;
}

static uint8_t offer(unsigned e, uint32_t *dpv) {
    if (!pm_stream_offer(&run.engine[e].results))
        return 0;
    pm_pins_put(dpv, e, DPV_BITS, run.back->dpv[run.engine[e].at], true);
    return (uint8_t)(1u << e);
}

void pm_mix_gemv_step(uint8_t px_ready, uint8_t *px_valid, uint32_t *px, const uint32_t *ready,
                      uint32_t *valid, uint32_t *dpv, uint8_t y_valid, uint8_t *y_ready, const uint32_t *y,
                      uint8_t uf, uint8_t of) {
    for (unsigned e = 0; e < 3; e++)
        if (pm_stream_fired(&run.engine[e].results, ready[0] >> e & 1)) {
            pm_sim_need(run.engine[e].at == run.routed); /* in kernel order */
            run.routed++;
            run.engine[e].at = next(e, run.engine[e].at + 1, run.out.items);
        }
    /* A power is taken with its vector's last dot product. */
    pm_stream_fired(&run.powers, px_ready);
    if (run.back->is_float)
        pm_sim_need(run.powers.taken == run.routed / run.kernels);
    const uint64_t pins = (uint64_t)(uf | of << 1);
    if (pm_stream_take(&run.out, y_valid, pm_stream_hash(pins, y, DPV_BITS), run.routed)) {
        const size_t i = run.out.taken - 1;
        run.y[i] = run.back->is_float ? (int64_t)pm_get_bits(y, 0, 32) : pm_get_signed(y, 0, DPV_BITS);
        if (run.flags)
            run.flags[i] = (uint8_t)pins;
    }
    pm_stream_end(&run.out, 10);
    *px_valid = pm_stream_offer(&run.powers);
    pm_pins_noise(px, run.power_bits);
    if (*px_valid)
        pm_pins_put(px, 0, run.power_bits, run.back->px[run.powers.taken], true);
    pm_pins_noise(dpv, 3 * DPV_BITS);
    *valid = 0;
    for (unsigned e = 0; e < 3; e++)
        *valid |= offer(e, dpv);
    *y_ready = pm_stream_ready(&run.out, y_valid);
}

pm_status pm_mix_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_mix_back *back, size_t kernels,
                          size_t vectors, int64_t *y, uint8_t *flags, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.back = back;
    run.kernels = kernels;
    run.y = y;
    run.flags = flags;
    run.out.items = vectors * kernels;
    run.powers.items = back->is_float ? vectors : 0;
    for (size_t m = 0; m < kernels; m++)
        run.engine[back->dest[m] % 3].results.items += vectors;
    for (unsigned e = 0; e < 3; e++)
        run.engine[e].at = next(e, 0, run.out.items);
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.out.last - run.out.first;
    return status;
}
