// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's arrays in RTL: a matrix tile by tile; row tiles add up to what golden C gave by its shortest
 * way. */
#include "hyflex_steps.h"
#include "tb/hyflex_gemv/hyflex_gemv_rtl.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    (void)tokens;
    *text = '\0';
    if (node->kind == PM_NODE_MATRIX)
        snprintf(text, length, "Sars=%u", pm_hyflex_layer_sars(layer));
}

/* What one tile's RTL gave, against every conversion in plain golden C. */
struct tile_result {
    uint8_t *code; /* [n][8][128] */
    int32_t *acc;  /* [n][outputs of a tile] */
    uint64_t wrong, clocks;
};

static unsigned outputs_of_tile(const struct pm_hyflex *h) {
    return pm_hyflex_per(pm_hyflex_config(h));
}

static void compare_tile(struct pm_twin_layer *l, const struct pm_hyflex_run *run,
                         const struct pm_hyflex_tile *tile, const int8_t *x, const struct tile_result *r) {
    enum { CODES = PM_HYFLEX_PLANES * PM_HYFLEX_COLS };
    const unsigned per = outputs_of_tile(run->h);
    uint64_t wrong = 0;
    for (size_t t = 0; t < run->n; t++) {
        uint64_t wordlines[PM_HYFLEX_PLANES];
        int32_t code[CODES], acc[PM_HYFLEX_COLS];
        wrong += pm_hyflex_tile_stages(run->h, tile, x + t * run->stride, run->first_vector + (uint32_t)t,
                                       wordlines, code, acc);
        for (unsigned i = 0; i < CODES; i++)
            pm_twin_compare(l, "code", t * CODES + i, code[i], r->code[t * CODES + i]);
        for (unsigned m = 0; m < per; m++)
            pm_twin_compare(l, "acc", t * per + m, acc[m], r->acc[t * per + m]);
    }
    pm_twin_compare(l, "wrong codes", 0, (int64_t)wrong, (int64_t)r->wrong);
}

static void replay(const struct pm_twin_layer *l, const struct pm_hyflex_run *run) {
    const struct pm_hyflex_cfg *c = pm_hyflex_config(run->h);
    const unsigned rows = pm_hyflex_rows(run->h), outputs = pm_hyflex_outputs(run->h);
    int8_t *packed = malloc(run->n * rows);
    char rest[128];
    if (!packed)
        return;
    for (size_t t = 0; t < run->n; t++)
        memcpy(packed + t * rows, run->x + t * run->stride, rows);
    const struct pm_twin_tensor in[] = {{"x", PM_TWIN_INT8, packed, run->n, rows},
                                        {"w", PM_TWIN_INT8, pm_hyflex_weights(run->h), rows, outputs}};
    if (c->weights == PM_WEIGHTS_DIFFERENTIAL)
        snprintf(rest, sizeof rest, "--set cell=%u --set weights=differential --set adc=%u", c->cell, c->adc);
    else
        snprintf(rest, sizeof rest, "--set cell=%u --set flip=%d --set adc=%u", c->cell, c->flip, c->adc);
    if (pm_rram_nominal(pm_hyflex_tile(run->h, 0, 0)->array))
        pm_twin_replay(l, "hyflex-gemv", in, sizeof in / sizeof *in, rest);
    else
        fprintf(stderr, "perimeter: the arrays were noisy, which no op replays\n");
    free(packed);
}

static pm_status run_tiles(struct pm_twin_layer *l, const struct pm_hyflex_run *run, struct tile_result *r,
                           int32_t *sum, uint64_t *slowest) {
    const unsigned outputs = pm_hyflex_outputs(run->h), col_tiles = pm_hyflex_col_tiles(run->h);
    const unsigned per = outputs_of_tile(run->h);
    pm_hyflex_tile_rtl_fn *const rtl = (pm_hyflex_tile_rtl_fn *)l->rtl[0];
    for (unsigned i = 0; i < pm_hyflex_row_tiles(run->h) * col_tiles; i++) {
        const struct pm_hyflex_tile *tile = pm_hyflex_tile(run->h, i / col_tiles, i % col_tiles);
        const int8_t *x = run->x + i / col_tiles * PM_HYFLEX_ROWS;
        const pm_status status = rtl(&(struct pm_sim_opts){0}, run->h, tile, x, run->stride, run->n,
                                     run->first_vector, r->acc, r->code, &r->wrong, &r->clocks);
        if (status != PM_OK)
            return status;
        compare_tile(l, run, tile, x, r);
        *slowest = r->clocks > *slowest ? r->clocks : *slowest;
        for (size_t t = 0; t < run->n; t++)
            for (unsigned m = 0; m < tile->outputs; m++)
                sum[t * outputs + i % col_tiles * per + m] += r->acc[t * per + m];
    }
    return PM_OK;
}

static pm_status done_arrays(struct pm_twin_layer *l, const struct pm_hyflex_run *run) {
    const size_t n = run->n, outputs = pm_hyflex_outputs(run->h);
    struct tile_result r = {malloc(n * PM_HYFLEX_PLANES * PM_HYFLEX_COLS),
                            malloc(n * outputs_of_tile(run->h) * sizeof *r.acc), 0, 0};
    int32_t *sum = calloc(n * outputs, sizeof *sum);
    uint64_t slowest = 0;
    pm_status status = r.code && r.acc && sum ? run_tiles(l, run, &r, sum, &slowest) : PM_ENOMEM;
    for (size_t i = 0; i < n * outputs && status == PM_OK; i++)
        pm_twin_compare(l, "y", i, run->y[i], sum[i]);
    if (status == PM_OK) /* what goes on is the RTL's */
        memcpy(run->y, sum, n * outputs * sizeof *sum);
    l->result.runs++;
    l->result.clocks += slowest;
    l->result.golden_clocks += run->cycles;
    if (status == PM_OK && pm_twin_failed(l)) {
        replay(l, run);
        status = PM_EDIFFER;
    }
    free(sum);
    free(r.acc);
    free(r.code);
    return status;
}

static pm_status done(void *layer, const void *golden) {
    const struct pm_hyflex_step *step = golden;
    return step->kind == PM_HYFLEX_STEP_ARRAYS ? done_arrays(layer, step->arrays)
                                               : pm_hyflex_step_rtl(layer, step);
}

const struct pm_twin pm_twin_hyflex = {
    .system = "hyflex",
    .block = {{"hyflex_gemv", "pm_hyflex_tile_rtl", params},
              [PM_HYFLEX_FP16] = {"sfu_fp16", "pm_sfu_fp16_rtl", pm_hyflex_fp16_params},
              [PM_HYFLEX_SCALE] = {"sfu_scale", "pm_sfu_scale_rtl", pm_hyflex_scale_params},
              [PM_HYFLEX_SFU] = {"sfu", "pm_sfu_rtl", pm_hyflex_sfu_params}},
    .done = done};
