// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_sfu_fp16_tb. */
#include "sfu_fp16_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    enum pm_fp16_function f;
    struct pm_scale scale;
    unsigned int_bits;
    const int32_t *a, *b, *c;
    int32_t *result;
    uint8_t *flags;
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;

void pm_sfu_fp16_elaborated(int int_w, uint32_t *f, uint32_t *m, uint32_t *e) {
    run.int_bits = (unsigned)int_w;
    *f = run.f;
    *m = run.scale.m;
    *e = (uint32_t)run.scale.e & 0x1FF;
}

void pm_sfu_fp16_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *a, uint32_t *b, uint32_t *c,
                      uint8_t y_valid, uint8_t *y_ready, const uint32_t *y, uint8_t nv, uint8_t of) {
    const unsigned flags = (nv ? PM_FP16_NV : 0u) | (of ? PM_FP16_OF : 0u);
    pm_stream_fired(&run.x, x_ready);
    if (pm_stream_take(&run.y, y_valid, (uint64_t)*y << 2 | flags, run.x.taken)) {
        run.result[run.y.taken - 1] = (int32_t)*y;
        run.flags[run.y.taken - 1] = (uint8_t)flags;
    }
    pm_stream_end(&run.y, 24);
    *x_valid = pm_stream_offer(&run.x);
    *y_ready = pm_stream_ready(&run.y, y_valid);
    pm_pins_noise(a, 32);
    pm_pins_noise(b, 16);
    pm_pins_noise(c, 16);
    *b &= 0xFFFF;
    *c &= 0xFFFF;
    if (!*x_valid)
        return;
    const size_t i = run.x.taken;
    if (run.f == PM_FP16_I2F)
        pm_pins_put(a, 0, run.int_bits, run.a[i], true);
    else
        pm_pins_put(a, 0, 16, run.a[i], false);
    if (run.b)
        pm_pins_put(b, 0, 16, run.b[i], false);
    if (run.c)
        pm_pins_put(c, 0, 16, run.c[i], false);
}

pm_status pm_sfu_fp16_rtl(const struct pm_sim_opts *opts, enum pm_fp16_function f, const int32_t *a,
                          const int32_t *b, const int32_t *c, struct pm_scale scale, size_t n, int32_t *y,
                          uint8_t *flags, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.f = f;
    run.a = a;
    run.b = b;
    run.c = c;
    run.scale = scale;
    run.result = y;
    run.flags = flags;
    run.x.items = run.y.items = n;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.x.first;
    return status;
}
