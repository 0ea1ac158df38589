// SPDX-License-Identifier: Apache-2.0
#include "hyflex_module_rtl.h"

#include "array_dpi.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STAGES 2
#define CODES      (PM_HYFLEX_PLANES * PM_HYFLEX_COLS)

struct converter {
    int32_t value;    /* sampled */
    uint64_t started; /* and when */
    struct pm_read_id id;
};

/* One array at the pins. */
struct at_pins {
    const struct pm_hyflex_tile *tile; /* NULL: not in use */
    unsigned index;                    /* row tile times column tiles plus column tile */
    const int8_t *x;                   /* [vectors][64] of its row tile, zeros behind the tile's rows */
    struct pm_scan_dpi scan;
    struct converter converter[PM_HYFLEX_MAX_SARS];
    uint64_t wordlines, first, last;
    size_t codes, results; /* seen */
    bool reading;
    uint16_t due[3 * PM_HYFLEX_COLS]; /* the sums that codes should be, by plane mod 3 */
    int32_t bank[2][PM_HYFLEX_COLS];  /* what the bitlines showed */
};

struct stage {
    const struct pm_hyflex *h;
    const struct pm_hyflex_cfg *cfg;
    struct pm_requant requant;
    unsigned first_row, first_col, row_tiles, col_tiles, per, rows, outputs;
    int8_t *x;  /* [row tiles][vectors][64] */
    int32_t *y; /* of one vector */
    int8_t *q;  /* golden: [vectors][outputs] */
};

static _Thread_local struct {
    struct stage stage[MAX_STAGES];
    unsigned stages, arrays; /* arrays: of a module */
    struct at_pins *pins;    /* [stages][arrays] */
    size_t vectors;
    uint32_t first_vector;
    struct pm_hyflex_chain_out *out;
    unsigned lanes, y_hold;
    bool y_held;
    struct pm_stream_out x; /* beats */
    struct pm_stream_in y;
} run;

static struct pm_read_id read_id(size_t plane) {
    return (struct pm_read_id){.vector = run.first_vector + (uint32_t)(plane / PM_HYFLEX_PLANES),
                               .plane = (uint16_t)(plane % PM_HYFLEX_PLANES)};
}

static uint64_t plane_of(const struct at_pins *a, size_t plane) {
    const int8_t *x = a->x + plane / PM_HYFLEX_PLANES * PM_HYFLEX_ROWS;
    uint64_t wordlines = 0;
    for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++)
        wordlines |= (uint64_t)((uint8_t)x[r] >> plane % PM_HYFLEX_PLANES & 1) << r;
    return wordlines;
}

/* The wordlines of the plane that is read, from the read's first clock to its last. */
static void see_wordlines(struct at_pins *a, uint64_t wordlines, size_t plane, bool last) {
    pm_sim_need(a->tile != NULL && plane < run.vectors * PM_HYFLEX_PLANES);
    if (a->tile == NULL || plane >= run.vectors * PM_HYFLEX_PLANES)
        return;
    if (a->first == 0)
        a->first = pm_sim_clock() + 1;
    if (!a->reading)
        a->wordlines = plane_of(a, plane);
    pm_sim_need(wordlines == a->wordlines);
    a->reading = !last;
    if (last) {
        pm_rram_read(a->tile->array, &wordlines, read_id(plane), a->bank[plane % 2]);
        pm_rram_count(a->tile->array, &wordlines, a->due + plane % 3 * PM_HYFLEX_COLS);
        pm_sim_progress();
    }
}

static void sample_column(struct at_pins *a, const struct pm_hyflex_cfg *cfg, size_t plane, unsigned column) {
    struct converter *c = &a->converter[column % cfg->sars];
    pm_sim_need(c->started == 0 || pm_sim_clock() - c->started >= cfg->adc + 2);
    c->started = pm_sim_clock();
    c->value = a->bank[plane % 2][column];
    c->id = read_id(plane);
    c->id.access = (uint16_t)column;
}

static void collect_code(const struct stage *s, struct at_pins *a, unsigned code, unsigned column) {
    const size_t plane = a->codes / PM_HYFLEX_COLS;
    pm_sim_need(a->tile != NULL && column == a->codes % PM_HYFLEX_COLS &&
                plane < run.vectors * PM_HYFLEX_PLANES);
    if (a->tile == NULL || plane >= run.vectors * PM_HYFLEX_PLANES)
        return;
    if (run.out->code && s == run.stage)
        run.out->code[a->index * run.vectors * CODES + a->codes] = (uint8_t)code;
    if (column < a->tile->outputs * pm_mlc_columns(s->cfg->cell, s->cfg->weights) &&
        code != a->due[plane % 3 * PM_HYFLEX_COLS + column]) {
        run.out->wrong++;
        if (run.out->tile_wrong && s == run.stage)
            run.out->tile_wrong[a->index]++;
    }
    a->codes++;
    pm_sim_progress();
}

/* An array's results, as they leave for the bus. */
static void collect_acc(const struct stage *s, struct at_pins *a, const uint32_t *y, size_t at,
                        unsigned acc_w) {
    pm_sim_need(a->results < run.vectors);
    if (run.out->acc && s == run.stage && a->results < run.vectors)
        for (unsigned m = 0; m < s->per; m++)
            run.out->acc[(a->index * run.vectors + a->results) * s->per + m] =
                (int32_t)pm_get_signed(y, at + (size_t)m * acc_w, acc_w);
    a->results++;
}

void pm_hyflex_module_arrays(int sars, int acc_w, const uint32_t *wordlines, const uint32_t *read,
                             const uint32_t *track, const uint32_t *hold, const uint32_t *scan,
                             const uint32_t *column, const uint32_t *sample, const uint32_t *code_valid,
                             const uint32_t *code, const uint32_t *code_column, const uint32_t *given,
                             const uint32_t *shown, const uint32_t *acc, uint32_t *read_done) {
    for (unsigned k = 0; k < run.stages * run.arrays; k++) {
        const struct stage *s = &run.stage[k / run.arrays];
        struct at_pins *a = &run.pins[k];
        pm_sim_need((unsigned)sars == s->cfg->sars);
        const struct pm_scan_pins pins = {
            pm_get_bits(read, k, 1),       pm_get_bits(track, k, 1),
            pm_get_bits(hold, k, 1),       pm_get_bits(scan, k, 1),
            pm_get_bits(column, k * 7, 7), pm_get_bits(sample, k * (unsigned)sars, (unsigned)sars)};
        bool held;
        int sampled;
        pm_scan_dpi_clock(&a->scan, &pins, &held, &sampled);
        if (sampled >= 0)
            sample_column(a, s->cfg, a->scan.begun - 1, (unsigned)sampled);
        if (pins.read)
            see_wordlines(a, wordlines[2 * k] | (uint64_t)wordlines[2 * k + 1] << 32, a->scan.held - held,
                          held);
        if (pm_get_bits(code_valid, k, 1))
            collect_code(s, a, pm_get_bits(code, k * 7, 7), pm_get_bits(code_column, k * 7, 7));
        if (pm_get_bits(shown, k, 1) && a->last == 0 && a->results == run.vectors - 1)
            a->last = pm_sim_clock() + 1;
        if (pm_get_bits(given, k, 1))
            collect_acc(s, a, acc, (size_t)k * PM_HYFLEX_COLS / 4 * (unsigned)acc_w, (unsigned)acc_w);
        pm_set_bits(read_done, k, 1, pm_scan_dpi_done(&a->scan));
    }
}

static void collect_y(const uint32_t *y, const uint32_t *q, bool last) {
    const struct stage *s = &run.stage[run.stages - 1];
    const size_t beats = (s->outputs + run.lanes - 1) / run.lanes, beat = run.y.taken - 1;
    const size_t vector = beat / beats, first = beat % beats * run.lanes;
    pm_sim_need(last == (beat % beats == beats - 1));
    for (unsigned l = 0; l < run.lanes; l++) {
        const int32_t sum = (int32_t)pm_get_bits(y, l * 32, 32);
        const int8_t byte = (int8_t)pm_get_bits(q, l * 8, 8);
        pm_sim_need(first + l < s->outputs || (sum == 0 && byte == 0));
        if (first + l >= s->outputs)
            continue;
        if (run.out->y)
            run.out->y[vector * s->outputs + first + l] = sum;
        if (run.out->q)
            run.out->q[vector * s->outputs + first + l] = byte;
    }
    /* Once a run, long enough for every stage to fill up and stop. */
    if (!run.y_held && pm_sim_stall()) {
        run.y_held = true;
        run.y_hold = 20 * run.stages * pm_hyflex_plane_clocks(s->cfg);
    }
}

void pm_hyflex_module_step(int lanes, unsigned char x_ready, unsigned char y_valid, const uint32_t *y,
                           const uint32_t *q, unsigned char y_last, unsigned char *x_valid, uint32_t *x,
                           unsigned char *y_ready) {
    const struct stage *s = &run.stage[run.stages - 1];
    run.lanes = (unsigned)lanes;
    run.y.items = run.vectors * ((s->outputs + run.lanes - 1) / run.lanes);
    pm_stream_fired(&run.x, x_ready);
    const uint64_t hash = pm_stream_hash(pm_stream_hash(y_last, y, run.lanes * 32), q, run.lanes * 8);
    const size_t vectors_in = run.x.taken / run.stage[0].row_tiles;
    if (pm_stream_take(&run.y, y_valid, hash, vectors_in * (run.y.items / run.vectors)))
        collect_y(y, q, y_last);
    pm_stream_end(&run.y, 0);
    *x_valid = pm_stream_offer(&run.x);
    if (*x_valid)
        for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++) {
            const size_t tile = run.x.taken % run.stage[0].row_tiles,
                         vector = run.x.taken / run.stage[0].row_tiles;
            pm_pins_put(x, r, 8, run.stage[0].x[(tile * run.vectors + vector) * PM_HYFLEX_ROWS + r], true);
        }
    else
        pm_pins_noise(x, PM_HYFLEX_ROWS * 8);
    run.y_hold -= run.y_hold > 0;
    *y_ready = run.y.ready = pm_stream_ready(&run.y, y_valid) && run.y_hold == 0;
}

/* What stands still in a run. */
void pm_hyflex_module_settings(int stage, int *mlc, int *diff, int *mode6, int *arrays, int *row_tiles,
                               int *outputs, int *m, int *s) {
    const struct stage *t = &run.stage[stage];
    pm_sim_need((unsigned)stage < run.stages);
    *mlc = t->cfg->cell == 2;
    *diff = t->cfg->weights == PM_WEIGHTS_DIFFERENTIAL;
    *mode6 = t->cfg->adc == PM_SAR_BITS - 1;
    *arrays = (int)(t->row_tiles * t->col_tiles);
    *row_tiles = (int)t->row_tiles;
    *outputs = (int)t->outputs;
    *m = (int)t->requant.m;
    *s = (int)t->requant.s;
}

void pm_hyflex_module_flip(uint32_t *flip) {
    for (unsigned k = 0; k < run.stages * run.arrays; k++)
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            pm_set_bits(flip, (size_t)k * PM_HYFLEX_COLS + c, 1,
                        run.stage[k / run.arrays].cfg->weights == PM_WEIGHTS_DIFFERENTIAL || !run.pins[k].tile
                            ? c % 3 == 0
                            : run.pins[k].tile->flip[c]);
}

void pm_hyflex_module_compare(int sars, const uint32_t *dac, const uint32_t *c7_en, uint32_t *cmp) {
    for (unsigned k = 0; k < run.stages * run.arrays; k++) {
        const struct pm_hyflex_cfg *cfg = run.stage[k / run.arrays].cfg;
        const struct at_pins *a = &run.pins[k];
        for (unsigned s = 0; s < (unsigned)sars; s++) {
            const size_t at = (size_t)k * (unsigned)sars + s;
            const unsigned trial = pm_get_bits(dac, at * 7, 7);
            pm_sim_need(cfg->adc == PM_SAR_BITS || !pm_get_bits(c7_en, at, 1));
            pm_set_bits(cmp, at, 1,
                        trial != 0 && a->tile != NULL &&
                            pm_sar_compare(&a->tile->sar[s], cfg->adc, trial, (unsigned)__builtin_ctz(trial),
                                           a->converter[s].value, a->converter[s].id));
        }
    }
}

/* What is set of `of`, or all of the matrix. */
static struct stage stage_of(const struct pm_hyflex_stage_of *of) {
    struct stage s = {.h = of->h,
                      .cfg = pm_hyflex_config(of->h),
                      .requant = of->requant,
                      .first_row = of->first_row,
                      .first_col = of->first_col,
                      .row_tiles = of->row_tiles ? of->row_tiles : pm_hyflex_row_tiles(of->h),
                      .col_tiles = of->col_tiles ? of->col_tiles : pm_hyflex_col_tiles(of->h),
                      .per = pm_hyflex_per(pm_hyflex_config(of->h))};
    for (unsigned r = 0; r < s.row_tiles; r++)
        s.rows += pm_hyflex_tile(s.h, s.first_row + r, 0)->rows;
    for (unsigned c = 0; c < s.col_tiles; c++)
        s.outputs += pm_hyflex_tile(s.h, 0, s.first_col + c)->outputs;
    return s;
}

/* Its rows' tiles; with `passes_on` golden's bytes of a whole matrix, too, for the next stage. */
static pm_status begin_stage(struct stage *s, const int8_t *x, size_t stride, bool passes_on) {
    s->x = calloc(s->row_tiles * run.vectors, PM_HYFLEX_ROWS);
    s->y = malloc(s->outputs * sizeof *s->y);
    s->q = malloc(run.vectors * s->outputs);
    if (s->x == NULL || s->y == NULL || s->q == NULL)
        return PM_ENOMEM;
    for (size_t v = 0; v < run.vectors; v++) {
        for (unsigned r = 0; r < s->rows; r++)
            s->x[(r / PM_HYFLEX_ROWS * run.vectors + v) * PM_HYFLEX_ROWS + r % PM_HYFLEX_ROWS] =
                x[v * stride + r];
        if (passes_on)
            pm_hyflex_stage(s->h, s->requant, x + v * stride, run.first_vector + (uint32_t)v, s->y,
                            s->q + v * s->outputs, NULL);
    }
    return PM_OK;
}

/* Array c * R + r has row tile r and column c. */
static void begin_arrays(unsigned stage) {
    const struct stage *s = &run.stage[stage];
    if (stage == 0 && run.out->tile_wrong)
        memset(run.out->tile_wrong, 0, s->row_tiles * s->col_tiles * sizeof *run.out->tile_wrong);
    for (unsigned k = 0; k < run.arrays; k++) {
        struct at_pins *a = &run.pins[stage * run.arrays + k];
        const unsigned r = k % s->row_tiles, c = k / s->row_tiles;
        a->scan = (struct pm_scan_dpi){
            .cols = PM_HYFLEX_COLS, .sars = s->cfg->sars, .read_clocks = s->cfg->read_clocks};
        if (c >= s->col_tiles)
            continue;
        a->tile = pm_hyflex_tile(s->h, s->first_row + r, s->first_col + c);
        a->index = r * s->col_tiles + c;
        a->x = s->x + (size_t)r * run.vectors * PM_HYFLEX_ROWS;
    }
}

static pm_status check(const struct stage *s, const struct stage *before) {
    if (s->cfg->adc == 0 || s->cfg->adc > PM_SAR_BITS || s->cfg->cell > 2 ||
        s->cfg->noise == PM_HYFLEX_NOISE_WEIGHT)
        return PM_EMODE;
    if (pm_requant_check(s->requant) != PM_OK || s->row_tiles * s->col_tiles > run.arrays ||
        (before != NULL && s->rows != before->outputs))
        return PM_EINVAL;
    return PM_OK;
}

static void end(void) {
    for (unsigned i = 0; i < run.stages; i++) {
        free(run.stage[i].x);
        free(run.stage[i].y);
        free(run.stage[i].q);
    }
    free(run.pins);
}

pm_status pm_hyflex_chain_rtl(const struct pm_sim_opts *opts, const struct pm_hyflex_stage_of *stage,
                              unsigned stages, unsigned arrays, const int8_t *x, size_t stride,
                              size_t vectors, uint32_t first_vector, struct pm_hyflex_chain_out *out) {
    out->wrong = out->arrays = out->clocks = 0;
    if (stages < 1 || stages > MAX_STAGES)
        return PM_EINVAL;
    if (vectors == 0)
        return PM_OK;
    memset(&run, 0, sizeof run);
    run.stages = stages;
    run.arrays = arrays;
    run.vectors = vectors;
    run.first_vector = first_vector;
    run.out = out;
    run.pins = calloc((size_t)stages * arrays, sizeof *run.pins);
    pm_status status = run.pins != NULL ? PM_OK : PM_ENOMEM;
    for (unsigned i = 0; i < stages && status == PM_OK; i++) {
        struct stage *s = &run.stage[i], *before = i > 0 ? s - 1 : NULL;
        *s = stage_of(&stage[i]);
        status = check(s, before);
        if (status == PM_OK)
            status =
                begin_stage(s, before ? before->q : x, before ? before->outputs : stride, i + 1 < stages);
        if (status == PM_OK)
            begin_arrays(i);
    }
    run.x.items = vectors * (status == PM_OK ? run.stage[0].row_tiles : 0);
    run.y.items = vectors; /* until the model says its lanes */
    if (status == PM_OK)
        status = pm_sim_run(opts, NULL);
    for (unsigned k = 0; k < arrays && status == PM_OK; k++)
        if (run.pins[k].tile != NULL && run.pins[k].last - run.pins[k].first + 1 > out->arrays)
            out->arrays = run.pins[k].last - run.pins[k].first + 1;
    out->clocks = run.y.last - run.x.first + 1;
    end();
    return status;
}
