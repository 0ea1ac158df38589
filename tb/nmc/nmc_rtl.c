// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_nmc_tb. */
#include "nmc_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_nmc_work *work;
    const struct pm_sense_cfg *sense;
    uint32_t threshold;
    unsigned read_clocks, width;
    struct pm_nmc_result *result;
    struct pm_stream_out x; /* operations */
    struct pm_stream_in y;  /* results */
    size_t at;              /* operation of the next result */
    unsigned of_it;         /* results of it so far */
    size_t due;             /* results whose access was done, or needs none */
    /* the operation whose accesses are at the pins, number x.taken - 1 */
    struct pm_nmc_access access[PM_NMC_ACCESSES];
    unsigned accesses, next;
    /* the read at the pins */
    bool held, done;
    uint64_t pins;
    unsigned elapsed;
} run;

static bool is_xor(const struct pm_nmc_work *w) {
    return w->rows != 0;
}

/* The accesses of an operation, as golden says; of an XOR rows 0, 1 ... */
static void schedule(const struct pm_nmc_work *w) {
    run.next = 0;
    run.accesses =
        is_xor(w) ? w->rows : pm_nmc_schedule(w->cfg.order, pm_nmc_remaining(&w->cfg, w->in), run.access);
    for (unsigned k = 0; k < w->rows; k++)
        run.access[k] = (struct pm_nmc_access){.row = (uint8_t)k, .read = true};
    run.due += run.accesses == 0;
}

/* Accesses to a row that is held follow on their own; what comes after is the next read. */
static void pass_held(void) {
    while (run.next < run.accesses && !run.access[run.next].read)
        run.next++;
}

void pm_nmc_array(uint8_t read, int row, uint8_t xor, const uint32_t *in, uint32_t *sa) {
    const unsigned words = (run.width + 31) / 32;
    if (!read || run.x.taken == 0) {
        pm_pins_noise(sa, run.width);
        return;
    }
    const struct pm_nmc_work *w = &run.work[run.x.taken - 1];
    pass_held();
    pm_sim_need(run.next < run.accesses && run.access[run.next].row == row && xor == is_xor(w));
    uint64_t bits[PM_NMC_WORDS];
    memcpy(bits, w->macro->row[row], sizeof bits);
    for (unsigned i = 0; i < words && xor; i++)
        bits[i / 2] ^= (uint64_t)in[i] << i % 2 * 32;
    if (run.threshold != 0)
        pm_sense_flip(run.sense->seed, run.threshold,
                      (struct pm_sense_id){w->macro->id, w->vector, (uint16_t)row, (uint16_t)run.next},
                      w->macro->cols, bits);
    for (unsigned i = 0; i < words; i++)
        sa[i] = (uint32_t)(bits[i / 2] >> i % 2 * 32);
    run.next++;
    pass_held();
    run.due += xor || run.next == run.accesses;
}

static void collect(int32_t y, unsigned index, bool last, const uint32_t *counts) {
    const struct pm_nmc_work *w = &run.work[run.at];
    struct pm_nmc_result *r = &run.result[run.at];
    pm_sim_need(index == (is_xor(w) ? run.of_it : 0) && last == (run.of_it + 1 >= w->rows));
    r->y[run.of_it++] = y;
    if (!last)
        return;
    r->counts = (struct pm_nmc_counts){pm_get_bits(counts, 0, 16), pm_get_bits(counts, 16, 16),
                                       pm_get_bits(counts, 32, 16), pm_get_bits(counts, 48, 16),
                                       pm_get_bits(counts, 64, 16)};
    run.at++;
    run.of_it = 0;
}

/* An operation and what belongs to it. */
static void put(const struct pm_nmc_work *w, uint32_t *mode, int *cols, uint32_t *x) {
    if (w->macro->cols > run.width) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    *cols = (int)w->macro->cols;
    *mode = w->rows | (uint32_t)is_xor(w) << 4 | (uint32_t)w->cfg.order << 5 |
            (uint32_t)w->cfg.is_signed << 7 | (uint32_t)w->cfg.skip << 8;
    for (unsigned b = 0; b < (run.width + 7) / 8; b++) {
        const unsigned left = 8 * run.width - b * 64;
        uint64_t planes = 0;
        for (unsigned i = 0; i < 8; i++)
            planes |= (w->in->plane[i][b / 8] >> b % 8 * 8 & 0xff) << i * 8;
        pm_set_bits(x, (size_t)b * 64, left < 64 ? left : 64, is_xor(w) ? 0 : pm_transpose8(planes));
    }
    for (unsigned c = 0; c < w->macro->cols && is_xor(w); c += 8)
        pm_set_bits(x, c, run.width - c < 8 ? run.width - c : 8, w->in->plane[0][c / 64] >> c % 64);
}

void pm_nmc_step(int width, uint8_t x_ready, uint8_t read, int row, uint8_t xor, const uint32_t *in,
                 uint8_t y_valid, int y, int index, uint8_t last, const uint32_t *counts, uint8_t *x_valid,
                 uint32_t *mode, int *cols, uint32_t *x, uint8_t *done, uint8_t *y_ready) {
    run.width = (unsigned)width;
    const uint64_t pins = pm_stream_hash((uint64_t)row | (uint64_t) xor << 3, in, run.width);
    pm_sim_need(!run.held || (read && pins == run.pins));
    run.pins = pins;
    run.held = read && !run.done;
    run.elapsed = run.held ? run.elapsed + 1 : 0;
    if (read && run.done)
        pm_sim_progress();

    if (pm_stream_fired(&run.x, x_ready)) {
        pass_held();
        pm_sim_need(run.next == run.accesses);
        schedule(&run.work[run.x.taken - 1]);
    }
    const uint64_t hash = (uint64_t)(uint32_t)y | (uint64_t)index << 32 | (uint64_t)last << 35;
    if (pm_stream_take(&run.y, y_valid, last ? pm_stream_hash(hash, counts, 80) : hash, run.due))
        collect(y, (unsigned)index, last, counts);
    pm_stream_end(&run.y, 21);

    pm_stream_offer(&run.x);
    *x_valid = run.x.valid;
    if (run.x.valid)
        put(&run.work[run.x.taken], mode, cols, x);
    else {
        *mode = pm_sim_noise() & 0x1ff;
        *cols = (int)pm_sim_noise();
        pm_pins_noise(x, 8 * run.width);
    }
    run.done = run.elapsed + 1 >= run.read_clocks && !pm_sim_stall();
    *done = run.done;
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

pm_status pm_nmc_rtl(const struct pm_sim_opts *opts, const struct pm_nmc_work *work, size_t n,
                     const struct pm_sense_cfg *sense, unsigned read_clocks, struct pm_nmc_result *result,
                     uint64_t *clocks) {
    if (n == 0 || read_clocks == 0 || (sense != NULL && pm_sense_check(sense) != PM_OK))
        return PM_EINVAL;
    memset(&run, 0, sizeof run);
    run.work = work;
    run.sense = sense;
    run.threshold = sense != NULL ? pm_sense_threshold(sense) : 0;
    run.read_clocks = read_clocks;
    run.result = result;
    run.x.items = n;
    for (size_t i = 0; i < n; i++)
        run.y.items += is_xor(&work[i]) ? work[i].rows : 1;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.x.first;
    return status;
}
