// SPDX-License-Identifier: Apache-2.0
#include "hyflex_gemv_rtl.h"

#include "array_dpi.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

struct lane {
    int32_t value;    /* sampled by the converter */
    uint64_t started; /* and when */
    struct pm_read_id id;
};

static _Thread_local struct {
    const struct pm_hyflex_cfg *cfg;
    const struct pm_hyflex_tile *tile;
    const int8_t *vectors;
    size_t stride, planes; /* planes: of all vectors */
    uint32_t first_vector;
    int32_t *acc;
    uint8_t *code;
    uint64_t wrong, first_read;
    size_t codes; /* seen */
    unsigned used;
    unsigned y_hold; /* clocks left of the one long stall of a run with stalls */
    bool reading, y_held;
    uint64_t wordlines;
    uint16_t due[3 * PM_HYFLEX_COLS]; /* the sums that codes should be, by plane mod 3: codes come after the
                                      bank is free */
    int32_t bank[2][PM_HYFLEX_COLS];  /* what the bitlines showed */
    struct pm_scan_dpi scan;
    struct lane lane[PM_HYFLEX_MAX_SARS];
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;

static const int8_t *vector(size_t v) {
    return run.vectors + v * run.stride;
}

static uint64_t plane_of(size_t plane) {
    uint64_t wordlines = 0;
    for (unsigned r = 0; r < run.tile->rows; r++)
        wordlines |= (uint64_t)((uint8_t)vector(plane / PM_HYFLEX_PLANES)[r] >> plane % PM_HYFLEX_PLANES & 1)
                     << r;
    return wordlines;
}

static struct pm_read_id read_id(size_t plane) {
    return (struct pm_read_id){.vector = run.first_vector + (uint32_t)(plane / PM_HYFLEX_PLANES),
                               .plane = (uint16_t)(plane % PM_HYFLEX_PLANES)};
}

/* The wordlines of the plane that is read, from the read's first clock to its last. */
static void see_wordlines(uint64_t wordlines, size_t plane, bool last) {
    pm_sim_need(plane < run.planes);
    if (plane >= run.planes)
        return;
    if (run.first_read == 0)
        run.first_read = pm_sim_clock() + 1;
    if (!run.reading)
        run.wordlines = plane_of(plane);
    pm_sim_need(wordlines == run.wordlines);
    run.reading = !last;
    if (last) {
        pm_rram_read(run.tile->array, &wordlines, read_id(plane), run.bank[plane % 2]);
        pm_rram_count(run.tile->array, &wordlines, run.due + plane % 3 * PM_HYFLEX_COLS);
        pm_sim_progress();
    }
}

static void sample_column(size_t plane, unsigned column) {
    struct lane *lane = &run.lane[column % run.cfg->sars];
    /* Sampling, adc comparisons, and the clock of the code, in which nothing is sampled. */
    pm_sim_need(lane->started == 0 || pm_sim_clock() - lane->started >= run.cfg->adc + 2);
    lane->started = pm_sim_clock();
    lane->value = run.bank[plane % 2][column];
    lane->id = read_id(plane);
    lane->id.access = (uint16_t)column;
}

static void collect_code(int code, int column) {
    const size_t plane = run.codes / PM_HYFLEX_COLS;
    pm_sim_need((size_t)column == run.codes % PM_HYFLEX_COLS && plane < run.planes);
    if (plane >= run.planes)
        return;
    if (run.code)
        run.code[run.codes] = (uint8_t)code;
    if ((unsigned)column < run.used)
        run.wrong += code != run.due[plane % 3 * PM_HYFLEX_COLS + (unsigned)column];
    run.codes++;
    pm_sim_progress();
}

static void collect_y(const uint32_t *y, unsigned acc_w, unsigned outputs) {
    for (unsigned m = 0; m < outputs; m++)
        run.acc[(run.y.taken - 1) * outputs + m] = (int32_t)pm_get_signed(y, (size_t)m * acc_w, acc_w);
    /* Once a run, long enough for the vector after next to reach its plane 7, which must wait. */
    if (!run.y_held && pm_sim_stall()) {
        run.y_held = true;
        run.y_hold = 17 * pm_hyflex_plane_clocks(run.cfg);
    }
}

void pm_hyflex_gemv_step(int sars, int acc_w, unsigned char x_ready, const uint32_t *wordlines,
                         unsigned char read, unsigned char track, unsigned char hold, unsigned char scan,
                         int column, int sample, int c7_en, unsigned char code_valid, int code,
                         int code_column, unsigned char y_valid, const uint32_t *y, unsigned char *mlc,
                         unsigned char *diff, unsigned char *mode6, unsigned char *x_valid, uint32_t *x,
                         unsigned char *read_done, unsigned char *y_ready) {
    pm_sim_need((unsigned)sars == run.cfg->sars);
    pm_sim_need(run.cfg->adc == PM_SAR_BITS || c7_en == 0);
    const unsigned outputs = pm_hyflex_per(run.cfg);
    pm_stream_fired(&run.x, x_ready);
    const struct pm_scan_pins pins = {read, track, hold, scan, (unsigned)column, (unsigned)sample};
    bool held;
    int sampled;
    pm_scan_dpi_clock(&run.scan, &pins, &held, &sampled);
    if (sampled >= 0)
        sample_column(run.scan.begun - 1, (unsigned)sampled);
    if (read)
        see_wordlines(wordlines[0] | (uint64_t)wordlines[1] << 32, run.scan.held - held, held);
    if (code_valid)
        collect_code(code, code_column);
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, (size_t)outputs * (unsigned)acc_w),
                       run.codes / (PM_HYFLEX_PLANES * PM_HYFLEX_COLS)))
        collect_y(y, (unsigned)acc_w, outputs);
    pm_stream_end(&run.y, 0);

    *mlc = run.cfg->cell == 2;
    *diff = run.cfg->weights == PM_WEIGHTS_DIFFERENTIAL;
    *mode6 = run.cfg->adc == PM_SAR_BITS - 1;
    *x_valid = pm_stream_offer(&run.x);
    if (*x_valid)
        for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++)
            pm_pins_put(x, r, 8, r < run.tile->rows ? vector(run.x.taken)[r] : 0, true);
    else
        pm_pins_noise(x, PM_HYFLEX_ROWS * 8);
    *read_done = pm_scan_dpi_done(&run.scan);
    run.y_hold -= run.y_hold > 0;
    *y_ready = run.y.ready = pm_stream_ready(&run.y, y_valid) && run.y_hold == 0;
}

void pm_hyflex_gemv_flip(uint32_t *flip) {
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
        pm_set_bits(flip, c, 1, run.cfg->weights == PM_WEIGHTS_DIFFERENTIAL ? c % 3 == 0 : run.tile->flip[c]);
}

void pm_hyflex_gemv_compare(int sars, const uint32_t *dac, int *cmp) {
    *cmp = 0;
    for (int s = 0; s < sars; s++) {
        const unsigned trial = pm_get_bits(dac, (size_t)s * 7, 7);
        if (trial != 0)
            *cmp |= pm_sar_compare(&run.tile->sar[s], run.cfg->adc, trial, (unsigned)__builtin_ctz(trial),
                                   run.lane[s].value, run.lane[s].id)
                    << s;
    }
}

pm_status pm_hyflex_tile_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex *h,
                             const struct pm_hyflex_tile *tile, const int8_t *x, size_t stride,
                             size_t vectors, uint32_t first_vector, int32_t *acc, uint8_t *code,
                             uint64_t *wrong, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = pm_hyflex_config(h);
    if (run.cfg->adc == 0 || run.cfg->adc > PM_SAR_BITS || run.cfg->cell > 2 ||
        run.cfg->noise == PM_HYFLEX_NOISE_WEIGHT)
        return PM_EMODE;
    run.scan = (struct pm_scan_dpi){
        .cols = PM_HYFLEX_COLS, .sars = run.cfg->sars, .read_clocks = run.cfg->read_clocks};
    run.tile = tile;
    run.vectors = x;
    run.stride = stride;
    run.planes = vectors * PM_HYFLEX_PLANES;
    run.x.items = run.y.items = vectors;
    run.first_vector = first_vector;
    run.acc = acc;
    run.code = code;
    run.used = tile->outputs * pm_mlc_columns(run.cfg->cell, run.cfg->weights);
    const pm_status status = vectors == 0 ? PM_OK : pm_sim_run(opts, NULL);
    if (wrong)
        *wrong = run.wrong;
    if (clocks)
        *clocks = run.y.last + 1 - run.first_read + 1;
    return status;
}

pm_status pm_hyflex_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex *h, const int8_t *x,
                             size_t vectors, uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost) {
    const struct pm_hyflex_cfg *cfg = pm_hyflex_config(h);
    const unsigned per = pm_hyflex_per(cfg), outputs = pm_hyflex_outputs(h), rows = pm_hyflex_rows(h);
    const unsigned row_tiles = pm_hyflex_row_tiles(h), col_tiles = pm_hyflex_col_tiles(h);
    uint64_t all_wrong = 0, slowest = 0;
    int32_t *acc = malloc((vectors > 0 ? vectors : 1) * per * sizeof *acc);
    if (acc == NULL)
        return PM_ENOMEM;
    memset(y, 0, vectors * outputs * sizeof *y);
    pm_status status = PM_OK;
    for (unsigned i = 0; i < row_tiles * col_tiles && status == PM_OK; i++) {
        const struct pm_hyflex_tile *t = pm_hyflex_tile(h, i / col_tiles, i % col_tiles);
        const struct pm_sim_opts tile_opts = {.seed = opts->seed ? opts->seed + i : 0,
                                              .wave = i ? NULL : opts->wave};
        uint64_t wrong, clocks;
        status = pm_hyflex_tile_rtl(&tile_opts, h, t, x + i / col_tiles * PM_HYFLEX_ROWS, rows, vectors,
                                    first_vector, acc, NULL, &wrong, &clocks);
        for (size_t v = 0; v < vectors; v++)
            for (unsigned m = 0; m < t->outputs; m++)
                y[v * outputs + i % col_tiles * per + m] += acc[v * per + m];
        all_wrong += wrong;
        slowest = clocks > slowest ? clocks : slowest;
    }
    free(acc);
    if (cost != NULL && status == PM_OK) {
        const uint64_t reads = (uint64_t)vectors * PM_HYFLEX_PLANES * row_tiles * col_tiles;
        cost->vectors += vectors;
        cost->array_reads += reads;
        cost->conversions += reads * PM_HYFLEX_COLS;
        cost->wrong += all_wrong;
        cost->cycles += slowest;
    }
    return status;
}
