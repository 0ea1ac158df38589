// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_wake_tb. */
#include "wake_rtl.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_wake_cfg *cfg;
    const int64_t *bits, *run;
    size_t layers, first, written; /* the table is written from layer `first` on */
    int64_t *end;                  /* of this wake-up */
    unsigned wakes;
    bool asleep;   /* until wake_i */
    uint64_t zero; /* its clock 0 */
    size_t loaded, done;
    int64_t beats, ran, resident;
    uint64_t last; /* clock of the last response */
} run;

static bool fits(int64_t v, int width) {
    return width >= 63 || v >> width == 0;
}

/* One clock of a wake-up, against what the layers need. */
static void awake(bool power, bool beat, size_t load, bool runs, size_t layer, bool done, int64_t cycles) {
    const int64_t clock = (int64_t)(pm_sim_clock() - run.zero);
    if (clock < 0) {
        pm_sim_need(!power && !beat && !runs && !done);
        return;
    }
    pm_sim_need(power && cycles == clock && (clock >= run.cfg->pwr || (!beat && !runs)));
    const size_t ready = run.loaded; /* a layer runs from the clock after its last beat */
    if (beat) {
        pm_sim_need(run.loaded < run.layers && load == run.loaded);
        if (run.beats++ == 0)
            run.resident += run.bits[run.loaded];
        pm_sim_need(run.cfg->cap == 0 || run.resident <= run.cfg->cap);
        if (run.beats == pm_wake_beats(run.cfg, run.bits[run.loaded])) {
            run.loaded++;
            run.beats = 0;
        }
        pm_sim_progress();
    }
    pm_sim_need(done == (run.done == run.layers));
    if (runs) {
        pm_sim_need(run.done < ready && layer == run.done);
        if (++run.ran == run.run[run.done]) {
            run.end[run.done] = clock + 1;
            run.resident -= run.bits[run.done++];
            run.ran = 0;
        }
        pm_sim_progress();
    }
    if (!done)
        return;
    pm_sim_need(run.loaded == run.layers && clock == run.end[run.layers - 1]);
    run.asleep = true;
    run.end += run.layers;
    run.last = pm_sim_clock();
}

void pm_wake_step(int max_layers, int bits_width, int run_width, uint8_t *we, int *addr, int64_t *bits,
                  int64_t *clocks, int *layers, int64_t *pwr, int *bus, int64_t *cap, uint8_t *wake,
                  uint8_t power, uint8_t beat, int load, uint8_t runs, int layer, uint8_t done,
                  int64_t cycles) {
    if (run.layers > (size_t)max_layers)
        pm_sim_finish(PM_ESHAPE);
    if (!fits(run.cfg->cap, bits_width) || !fits(run.cfg->pwr, run_width))
        pm_sim_finish(PM_ERANGE);
    if (run.asleep)
        pm_sim_need(!power && !beat && !runs && !done && (run.wakes == 0 || cycles == run.end[-1]));
    else
        awake(power, beat, (size_t)load, runs, (size_t)layer, done, cycles);

    *layers = (int)run.layers;
    *pwr = run.cfg->pwr;
    *bus = pm_clog2((uint64_t)run.cfg->bus);
    *cap = run.cfg->cap;
    *addr = (int)pm_sim_noise();
    *bits = pm_sim_noise();
    *clocks = pm_sim_noise();
    *we = run.written < run.layers && !pm_sim_stall();
    if (*we) {
        const size_t l = (run.written + run.first) % run.layers;
        *addr = (int)l;
        *bits = run.bits[l];
        *clocks = run.run[l];
        if (!fits(*bits, bits_width) || !fits(*clocks, run_width))
            pm_sim_finish(PM_ERANGE);
        run.written++;
        *wake = 0;
        return;
    }
    if (!run.asleep) {
        *wake = pm_sim_noise() & 1; /* nobody listens */
        return;
    }
    *wake = run.written == run.layers && run.wakes < 2 && !pm_sim_stall();
    if (*wake) {
        run.wakes++;
        run.asleep = false;
        run.zero = pm_sim_clock() + 2; /* wake_i is up in the clock before */
        run.loaded = run.done = 0;
        run.beats = run.ran = run.resident = 0;
    }
    if (run.wakes == 2 && run.asleep && pm_sim_clock() > run.last + 4)
        pm_sim_finish(PM_OK);
}

pm_status pm_wake_rtl(const struct pm_sim_opts *opts, const struct pm_wake_cfg *cfg, const int64_t *bits,
                      const int64_t *layer_run, size_t layers, int64_t *end) {
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.bits = bits;
    run.run = layer_run;
    run.layers = layers;
    run.first = (size_t)(opts->seed % layers);
    run.end = end;
    run.asleep = true;
    return pm_sim_run(opts, NULL);
}
