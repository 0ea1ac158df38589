// SPDX-License-Identifier: Apache-2.0
#include "nor_pim_rtl.h"

#include <string.h>

#define MAX_COLS 4096

static _Thread_local struct {
    struct pm_nor_cfg cfg;
    struct pm_nor_layout layout;
    unsigned cols;
    const int32_t *a, *b;
    int32_t *y;
    size_t n, offered, taken, done; /* multiplications */
    bool valid, p_ready, p_stalled;
    unsigned strobe; /* that is due, 0..4 */
    unsigned row;
    uint64_t first, last;
    int32_t seen[MAX_COLS / PM_NOR_COLUMNS];
    bool cell_a[256][MAX_COLS / PM_NOR_COLUMNS], cell_b[256][MAX_COLS / PM_NOR_COLUMNS],
        cell_result[256][MAX_COLS / PM_NOR_COLUMNS];
} run;

static void need(bool ok) {
    if (!ok)
        pm_sim_finish(PM_EDIFFER);
}

static size_t group(size_t from) {
    return run.n - from < run.layout.mults ? run.n - from : run.layout.mults;
}

static void collect(const uint32_t *p) {
    const unsigned width = run.cfg.abits + run.cfg.bbits;
    for (unsigned m = 0; m < run.layout.mults; m++) {
        const int32_t v = run.cfg.asigned || run.cfg.bsigned
                              ? (int32_t)pm_get_signed(p, (size_t)m * width, width)
                              : (int32_t)pm_get_bits(p, (size_t)m * width, width);
        need(!run.p_stalled || v == run.seen[m]);
        run.seen[m] = v;
    }
    run.p_stalled = !run.p_ready;
    if (run.p_ready) {
        const size_t count = group(run.done);
        need(count > 0);
        memcpy(run.y + run.done, run.seen, count * sizeof *run.y);
        run.done += count;
        pm_sim_progress();
    }
}

void pm_nor_pim_step(int abits, int bbits, int cols, unsigned char ready, int strobes, unsigned char p_valid,
                     const uint32_t *p, unsigned char *valid, uint32_t *a, uint32_t *b,
                     unsigned char *a_signed, unsigned char *b_signed, unsigned char *p_ready) {
    need((unsigned)abits == run.cfg.abits && (unsigned)bbits == run.cfg.bbits && (unsigned)cols == run.cols);
    if (strobes) {
        run.first = run.first ? run.first : pm_sim_clock() + 1;
        run.last = pm_sim_clock() + 1;
    }
    if (run.valid && ready) {
        run.valid = false;
        run.taken += group(run.taken);
        pm_sim_progress();
    }
    if (p_valid)
        collect(p);
    else
        need(!run.p_stalled);
    if (run.done == run.n)
        pm_sim_finish(PM_OK);
    if (!run.valid && run.offered < run.n && !pm_sim_stall()) {
        run.valid = true;
        run.offered += group(run.offered);
    }
    *valid = run.valid;
    for (unsigned m = 0; m < run.layout.mults; m++) {
        const bool used = run.valid && m < group(run.taken);
        pm_set_bits(a, m * run.cfg.abits, run.cfg.abits, used ? (uint32_t)run.a[run.taken + m] : 0x5a5a);
        pm_set_bits(b, m * run.cfg.bbits, run.cfg.bbits, used ? (uint32_t)run.b[run.taken + m] : 0xa5a5);
    }
    *a_signed = run.cfg.asigned;
    *b_signed = run.cfg.bsigned;
    run.p_ready = pm_sim_ready(p_valid);
    *p_ready = run.p_ready;
}

/* One micro-operation. A NOR can only switch a preset result from 1 to 0 (MAGIC). */
void pm_nor_pim_array(int strobes, int row, const uint32_t *data, uint32_t *result) {
    if (strobes == 0) { /* within a multiplication only the last read waits */
        need((run.strobe == 0 && run.row == 0) ||
             (run.strobe == PM_NOR_CLOCKS - 1 && run.row == run.layout.rows - 1));
        return;
    }
    need(strobes == 1 << run.strobe && (unsigned)row == run.row);
    for (unsigned k = 0; k < run.layout.lanes; k++) {
        bool *ca = &run.cell_a[row & 255][k], *cb = &run.cell_b[row & 255][k],
             *out = &run.cell_result[row & 255][k];
        switch (strobes) {
        case 1:
            *ca = pm_get_bits(data, k, 1);
            break;
        case 2:
            *cb = pm_get_bits(data, k, 1);
            break;
        case 4:
            *out = true;
            break;
        case 8:
            *out = *out && !(*ca || *cb);
            break;
        default:
            pm_set_bits(result, k, 1, *out);
        }
    }
    run.strobe = (run.strobe + 1) % PM_NOR_CLOCKS;
    if (run.strobe == 0)
        run.row = (run.row + 1) % run.layout.rows;
}

pm_status pm_nor_pim_rtl(const struct pm_sim_opts *opts, const struct pm_nor_cfg *cfg, unsigned cols,
                         const int32_t *a, const int32_t *b, size_t n, int32_t *y, uint64_t *clocks) {
    if (clocks)
        *clocks = 0;
    if (cols < PM_NOR_COLUMNS || cols > MAX_COLS)
        return PM_EINVAL;
    pm_status status = pm_nor_muls(cfg, a, b, n, y, NULL); /* ranges only: y is written anew */
    if (status != PM_OK || n == 0)
        return status;
    memset(y, 0x55, n * sizeof *y);
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.layout = pm_nor_layout(cols, cfg->abits, cfg->bbits);
    run.cols = cols;
    run.a = a;
    run.b = b;
    run.n = n;
    run.y = y;
    status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first + 1;
    return status;
}
