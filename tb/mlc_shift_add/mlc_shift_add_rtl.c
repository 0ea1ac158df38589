// SPDX-License-Identifier: Apache-2.0
#include "mlc_shift_add_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    unsigned cols, cell, columns; /* columns: of a weight */
    enum pm_weight_coding coding;
    const uint8_t *code, *flip, *pop;
    int32_t *result;
    unsigned due;               /* bit k: a result is due in k clocks */
    struct pm_stream_out codes; /* of all vectors; both sides are always ready */
    struct pm_stream_in y;
} run;

/* Whether code number i is the last column of an output in plane 7. */
static bool completes(size_t i) {
    return i / run.cols % 8 == 7 && i % run.cols % run.columns == run.columns - 1;
}

void pm_mlc_shift_add_step(int cols, unsigned char y_valid, int y_index, int y, unsigned char *mlc,
                           unsigned char *diff, unsigned char *valid, int *code, int *column,
                           unsigned char *flip, int *plane, int *pop) {
    const size_t per = run.cols / run.columns;
    pm_sim_need((unsigned)cols == run.cols && y_valid == (run.due & 1));
    if (pm_stream_take(&run.y, y_valid, 0, run.y.items)) {
        pm_sim_need((size_t)y_index == (run.y.taken - 1) % per);
        run.result[run.y.taken - 1] = y;
    }
    run.due >>= 1;
    /* The code in this clock's pins completes an output: its result is out two clocks later. */
    if (pm_stream_fired(&run.codes, true) && completes(run.codes.taken - 1))
        run.due |= 2;
    *mlc = run.cell == 2;
    *diff = run.coding == PM_WEIGHTS_DIFFERENTIAL;
    *valid = pm_stream_offer(&run.codes);
    if (*valid) {
        const size_t i = run.codes.taken;
        *column = (int)(i % run.cols);
        *plane = (int)(i / run.cols % 8);
        *code = run.code[i];
        *flip = run.flip[*column];
        *pop = run.pop[i / run.cols];
    } else { /* what no valid bit qualifies must not matter: here, what would complete an output */
        *column = (int)run.cols - 1;
        *plane = 7;
        *code = 77;
        *flip = 1;
        *pop = 1;
    }
    pm_stream_end(&run.y, 0);
}

pm_status pm_mlc_shift_add_rtl(const struct pm_sim_opts *opts, unsigned cols, unsigned cell,
                               enum pm_weight_coding coding, const uint8_t *code, const uint8_t *flip,
                               const uint8_t *pop, size_t vectors, int32_t *y, uint64_t *clocks) {
    if (clocks)
        *clocks = 0;
    if (vectors == 0)
        return PM_OK;
    memset(&run, 0, sizeof run);
    run.cols = cols;
    run.cell = cell;
    run.coding = coding;
    run.columns = pm_mlc_columns(cell, coding);
    run.code = code;
    run.flip = flip;
    run.pop = pop;
    run.result = y;
    run.codes.items = vectors * 8 * cols;
    run.y.items = vectors * (cols / run.columns);
    run.y.ready = true;
    return pm_sim_run(opts, clocks);
}
