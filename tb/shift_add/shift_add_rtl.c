// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_shift_add_tb. */
#include "shift_add_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    unsigned outputs, wbits, acc_bits;
    const struct pm_shift_add_beat *beat;
    const uint8_t *code;
    int64_t *result;
    size_t ended; /* vectors whose last beat was taken */
    struct pm_stream_out beats;
    struct pm_stream_in y;
} run;

void pm_shift_add_elaborated(int outputs, int wbits, int acc_bits) {
    run.acc_bits = (unsigned)acc_bits;
    if ((unsigned)outputs != run.outputs || (unsigned)wbits != run.wbits)
        pm_sim_finish(PM_ESHAPE);
}

static void put_beat(const struct pm_shift_add_beat *t, uint32_t *code, uint8_t *side) {
    const unsigned cols = run.outputs * run.wbits;
    for (unsigned c = 0; c < cols; c++)
        pm_pins_put(code, c, 4, run.code[run.beats.taken * cols + c], false);
    *side = (uint8_t)(t->plane | t->neg << 4 | t->first << 5 | t->last << 6 | t->empty << 7);
}

void pm_shift_add_step(uint8_t ready, uint8_t *valid, uint32_t *code, uint8_t *side, uint8_t y_valid,
                       uint8_t *y_ready, const uint32_t *y) {
    /* It refuses a beat only while a result stands and another beat waits behind it. */
    pm_sim_need(!run.beats.valid || ready ||
                (y_valid && !(run.ended == run.y.taken + 1 && run.beat[run.beats.taken - 1].last)));
    if (pm_stream_fired(&run.beats, ready))
        run.ended += run.beat[run.beats.taken - 1].last;
    const unsigned bits = run.outputs * run.acc_bits;
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, bits), run.ended))
        for (unsigned m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] =
                pm_get_signed(y, (size_t)m * run.acc_bits, run.acc_bits);
    pm_stream_end(&run.y, 11);
    *valid = pm_stream_offer(&run.beats);
    if (*valid) {
        put_beat(&run.beat[run.beats.taken], code, side);
    } else {
        pm_pins_noise(code, (size_t)run.outputs * run.wbits * 4);
        *side = 0x7f; /* what would begin and end a vector */
    }
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

pm_status pm_shift_add_rtl(const struct pm_sim_opts *opts, unsigned outputs, unsigned wbits,
                           const struct pm_shift_add_beat *beat, const uint8_t *code, size_t beats,
                           int64_t *y, size_t vectors, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.outputs = outputs;
    run.wbits = wbits;
    run.beat = beat;
    run.code = code;
    run.result = y;
    run.beats.items = beats;
    run.y.items = vectors;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.beats.first;
    return status;
}
