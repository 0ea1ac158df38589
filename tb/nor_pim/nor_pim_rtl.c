// SPDX-License-Identifier: Apache-2.0
#include "nor_pim_rtl.h"

#include "stream.h"

#include <string.h>

#define MAX_COLS 4096

static _Thread_local struct {
    struct pm_nor_cfg cfg;
    struct pm_nor_layout layout;
    unsigned cols;
    const int32_t *a, *b;
    int32_t *y;
    size_t n;        /* multiplications, layout.mults of which are one item */
    unsigned strobe; /* that is due, 0..4 */
    unsigned row;
    uint64_t first, last;
    struct pm_stream_out in;
    struct pm_stream_in p;
    bool cell_a[256][MAX_COLS / PM_NOR_COLUMNS], cell_b[256][MAX_COLS / PM_NOR_COLUMNS],
        cell_result[256][MAX_COLS / PM_NOR_COLUMNS];
} run;

static void put_operands(uint32_t *a, uint32_t *b) {
    for (unsigned m = 0; m < run.layout.mults; m++) {
        const size_t at = run.in.taken * run.layout.mults + m;
        pm_set_bits(a, m * run.cfg.abits, run.cfg.abits,
                    (uint64_t)(at < run.n ? run.a[at] : pm_pins_padding(at)));
        pm_set_bits(b, m * run.cfg.bbits, run.cfg.bbits,
                    (uint64_t)(at < run.n ? run.b[at] : pm_pins_padding(~at)));
    }
}

static void collect(const uint32_t *p) {
    const unsigned width = run.cfg.abits + run.cfg.bbits;
    const size_t from = (run.p.taken - 1) * run.layout.mults;
    for (unsigned m = 0; m < run.layout.mults && from + m < run.n; m++)
        run.y[from + m] = run.cfg.asigned || run.cfg.bsigned
                              ? (int32_t)pm_get_signed(p, (size_t)m * width, width)
                              : (int32_t)pm_get_bits(p, (size_t)m * width, width);
}

void pm_nor_pim_step(int abits, int bbits, int cols, unsigned char ready, int strobes, unsigned char p_valid,
                     const uint32_t *p, unsigned char *valid, uint32_t *a, uint32_t *b,
                     unsigned char *a_signed, unsigned char *b_signed, unsigned char *p_ready) {
    const size_t mults = run.layout.mults;
    pm_sim_need((unsigned)abits == run.cfg.abits && (unsigned)bbits == run.cfg.bbits &&
                (unsigned)cols == run.cols);
    if (strobes) {
        run.first = run.first ? run.first : pm_sim_clock() + 1;
        run.last = pm_sim_clock() + 1;
    }
    pm_stream_fired(&run.in, ready);
    const size_t p_bits = mults * (run.cfg.abits + run.cfg.bbits);
    if (pm_stream_take(&run.p, p_valid, pm_stream_hash(0, p, p_bits), run.in.taken))
        collect(p);
    pm_stream_end(&run.p, 0);
    *valid = pm_stream_offer(&run.in);
    if (*valid) {
        put_operands(a, b);
    } else {
        pm_pins_noise(a, mults * run.cfg.abits);
        pm_pins_noise(b, mults * run.cfg.bbits);
    }
    *a_signed = run.cfg.asigned;
    *b_signed = run.cfg.bsigned;
    *p_ready = pm_stream_ready(&run.p, p_valid);
}

/* One micro-operation. A NOR can only switch a preset result from 1 to 0 (MAGIC). */
void pm_nor_pim_array(int strobes, int row, const uint32_t *data, uint32_t *result) {
    memset(result, 0, (run.layout.lanes + 31) / 32 * sizeof *result); /* the same in every run where nothing is read */
    if (strobes == 0) { /* within a multiplication only the last read waits */
        pm_sim_need((run.strobe == 0 && run.row == 0) ||
                    (run.strobe == PM_NOR_CLOCKS - 1 && run.row == run.layout.rows - 1));
        return;
    }
    pm_sim_need(strobes == 1 << run.strobe && (unsigned)row == run.row);
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
    run.in.items = run.p.items = (n + run.layout.mults - 1) / run.layout.mults;
    run.y = y;
    status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first + 1;
    return status;
}
