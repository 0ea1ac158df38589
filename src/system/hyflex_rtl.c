// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's arrays in RTL: a matrix in a module, whole where its arrays fit one, else in as many runs as it
 * takes; its sums are what golden C gave by its shortest way. */
#include "hyflex_steps.h"
#include "tb/hyflex_module/hyflex_module_rtl.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAYS 8 /* of a module: each of the shipped networks' matrices */

static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    (void)tokens;
    *text = '\0';
    if (node->kind == PM_NODE_MATRIX)
        snprintf(text, length, "Arrays=%d Sars=%u", ARRAYS, pm_hyflex_layer_sars(layer));
}

static unsigned outputs_of_tile(const struct pm_hyflex *h) {
    return pm_hyflex_per(pm_hyflex_config(h));
}

enum { CODES = PM_HYFLEX_PLANES * PM_HYFLEX_COLS };

/* What one tile's RTL gave, code[n][8][128] and acc[n][outputs of a tile], against every conversion in plain
 * golden C. */
static void compare_tile(struct pm_twin_layer *l, const struct pm_hyflex_run *run,
                         const struct pm_hyflex_tile *tile, const int8_t *x, const uint8_t *rtl_code,
                         const int32_t *rtl_acc, uint64_t rtl_wrong) {
    const unsigned per = outputs_of_tile(run->h);
    uint64_t wrong = 0;
    for (size_t t = 0; t < run->n; t++) {
        uint64_t wordlines[PM_HYFLEX_PLANES];
        int32_t code[CODES], acc[PM_HYFLEX_COLS];
        wrong += pm_hyflex_tile_stages(run->h, tile, x + t * run->stride, run->first_vector + (uint32_t)t,
                                       wordlines, code, acc);
        for (unsigned i = 0; i < CODES; i++)
            pm_twin_compare(l, "code", t * CODES + i, code[i], rtl_code[t * CODES + i]);
        for (unsigned m = 0; m < per; m++)
            pm_twin_compare(l, "acc", t * per + m, acc[m], rtl_acc[t * per + m]);
    }
    pm_twin_compare(l, "wrong codes", 0, (int64_t)wrong, (int64_t)rtl_wrong);
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

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* As many of the matrix's arrays as a module has, from the given tiles on; adds their sums to
 * sum[n][outputs]. */
static pm_status run_module(struct pm_twin_layer *l, const struct pm_hyflex_run *run, unsigned first_row,
                            unsigned first_col, struct pm_hyflex_chain_out *out, int32_t *sum,
                            uint64_t *slowest) {
    const unsigned outputs = pm_hyflex_outputs(run->h), per = outputs_of_tile(run->h);
    const unsigned rows = least(pm_hyflex_row_tiles(run->h) - first_row, ARRAYS);
    const unsigned cols = least(pm_hyflex_col_tiles(run->h) - first_col, ARRAYS / rows);
    const struct pm_hyflex_stage_of stage = {
        .h = run->h, .first_row = first_row, .row_tiles = rows, .first_col = first_col, .col_tiles = cols};
    const int8_t *x = run->x + first_row * PM_HYFLEX_ROWS;
    const pm_status status = ((pm_hyflex_chain_rtl_fn *)l->rtl[0])(
        &(struct pm_sim_opts){0}, &stage, 1, ARRAYS, x, run->stride, run->n, run->first_vector, out);
    if (status != PM_OK)
        return status;
    for (unsigned i = 0; i < rows * cols; i++)
        compare_tile(l, run, pm_hyflex_tile(run->h, first_row + i / cols, first_col + i % cols),
                     x + i / cols * PM_HYFLEX_ROWS, out->code + i * run->n * CODES,
                     out->acc + i * run->n * per, out->tile_wrong[i]);
    const unsigned some = least(outputs - first_col * per, cols * per);
    for (size_t t = 0; t < run->n; t++)
        for (unsigned m = 0; m < some; m++)
            sum[t * outputs + first_col * per + m] += out->y[t * some + m];
    *slowest = out->arrays > *slowest ? out->arrays : *slowest;
    return PM_OK;
}

static pm_status run_matrix(struct pm_twin_layer *l, const struct pm_hyflex_run *run,
                            struct pm_hyflex_chain_out *out, int32_t *sum, uint64_t *slowest) {
    pm_status status = PM_OK;
    for (unsigned r = 0; r < pm_hyflex_row_tiles(run->h); r += ARRAYS)
        for (unsigned c = 0; c < pm_hyflex_col_tiles(run->h) && status == PM_OK;
             c += ARRAYS / least(pm_hyflex_row_tiles(run->h) - r, ARRAYS))
            status = run_module(l, run, r, c, out, sum, slowest);
    return status;
}

static pm_status done_arrays(struct pm_twin_layer *l, const struct pm_hyflex_run *run) {
    const size_t n = run->n, outputs = pm_hyflex_outputs(run->h), per = outputs_of_tile(run->h);
    uint64_t wrong[ARRAYS];
    struct pm_hyflex_chain_out out = {.y = malloc(n * ARRAYS * per * sizeof *out.y),
                                      .code = malloc(n * ARRAYS * CODES),
                                      .acc = malloc(n * ARRAYS * per * sizeof *out.acc),
                                      .tile_wrong = wrong};
    int32_t *sum = calloc(n * outputs, sizeof *sum);
    uint64_t slowest = 0;
    pm_status status =
        out.y && out.code && out.acc && sum ? run_matrix(l, run, &out, sum, &slowest) : PM_ENOMEM;
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
    free(out.y);
    free(out.code);
    free(out.acc);
    return status;
}

static pm_status done(void *layer, const void *golden) {
    const struct pm_hyflex_step *step = golden;
    return step->kind == PM_HYFLEX_STEP_ARRAYS ? done_arrays(layer, step->arrays)
                                               : pm_hyflex_step_rtl(layer, step);
}

const struct pm_twin pm_twin_hyflex = {
    .system = "hyflex",
    .block = {{"hyflex_module", "pm_hyflex_chain_rtl", params},
              [PM_HYFLEX_FP16] = {"sfu_fp16", "pm_sfu_fp16_rtl", pm_hyflex_fp16_params},
              [PM_HYFLEX_SCALE] = {"sfu_scale", "pm_sfu_scale_rtl", pm_hyflex_scale_params},
              [PM_HYFLEX_SFU] = {"sfu", "pm_sfu_rtl", pm_hyflex_sfu_params},
              [PM_HYFLEX_NOR] = {"nor_dot", "pm_nor_dot_rtl", pm_hyflex_nor_params}},
    .done = done};
