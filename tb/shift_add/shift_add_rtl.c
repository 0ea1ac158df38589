// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_shift_add_tb. */
#include "shift_add_rtl.h"

#include <string.h>

static _Thread_local struct {
    unsigned outputs, wbits, acc_bits;
    const struct pm_shift_add_beat *beat;
    const uint8_t *code;
    size_t beats, taken, shown; /* shown: beats up to the last one of vector `done` */
    int64_t *y;
    size_t vectors, done;
    bool valid, y_ready, held;
    uint64_t first, last;
} run;

void pm_shift_add_elaborated(int outputs, int wbits, int acc_bits) {
    run.acc_bits = (unsigned)acc_bits;
    if ((unsigned)outputs != run.outputs || (unsigned)wbits != run.wbits)
        pm_sim_finish(PM_ESHAPE);
}

static void next_shown(void) {
    while (run.shown < run.beats && !run.beat[run.shown++].last)
        ;
}

/* Stores the result that is shown, or, where it was shown before and stalled, checks that it stands. */
void pm_shift_add_step(uint8_t ready, uint8_t *valid, uint32_t *code, uint8_t *side, uint8_t y_valid,
                       uint8_t *y_ready, const uint32_t *y) {
    bool taken = run.valid && ready;
    if (taken) {
        if (run.taken++ == 0)
            run.first = pm_sim_clock();
        pm_sim_progress();
    }
    if (run.held && !y_valid)
        pm_sim_finish(PM_EDIFFER);
    /* It refuses a beat only while a result stands and another beat waits behind it. */
    if (run.valid && !ready && !(y_valid && run.taken > run.shown))
        pm_sim_finish(PM_EDIFFER);
    if (y_valid) {
        if (run.done == run.vectors) {
            pm_sim_finish(PM_EDIFFER);
            return;
        }
        pm_sim_shown(y, run.outputs, run.acc_bits, run.held, &run.y[run.done * run.outputs]);
        run.held = !run.y_ready;
        if (run.y_ready) {
            next_shown();
            run.done++;
            run.last = pm_sim_clock();
            pm_sim_progress();
        }
    }
    /* Some clocks more, in which nothing may come. */
    if (run.done == run.vectors && run.taken == run.beats && pm_sim_clock() > run.last + 10)
        pm_sim_finish(PM_OK);
    if (!run.valid || taken)
        run.valid = run.taken < run.beats && !pm_sim_stall();
    *valid = run.valid;
    unsigned cols = run.outputs * run.wbits;
    if (run.valid) {
        const struct pm_shift_add_beat *t = &run.beat[run.taken];
        for (unsigned c = 0; c < cols; c++)
            pm_set_bits(code, (size_t)c * 4, 4, run.code[run.taken * cols + c]);
        *side = (uint8_t)(t->plane | t->neg << 4 | t->first << 5 | t->last << 6 | t->empty << 7);
    } else {
        memset(code, 0x88, (cols * 4 + 31) / 32 * sizeof *code);
        *side = 0x7f;
    }
    *y_ready = run.y_ready = pm_sim_ready(y_valid);
}

pm_status pm_shift_add_rtl(const struct pm_sim_opts *opts, unsigned outputs, unsigned wbits,
                           const struct pm_shift_add_beat *beat, const uint8_t *code, size_t beats,
                           int64_t *y, size_t vectors, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.outputs = outputs;
    run.wbits = wbits;
    run.beat = beat;
    run.code = code;
    run.beats = beats;
    run.y = y;
    run.vectors = vectors;
    next_shown();
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first;
    return status;
}
