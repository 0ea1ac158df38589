// SPDX-License-Identifier: Apache-2.0
/* Khwa's memristor arrays in RTL: a layer's kernels tile by tile, in groups of the model's outputs; the tiles
 * add up to what golden C gave by its shortest way, clips and accesses included. */
#include "system/khwa.h"
#include "tb/pva_gemv/pva_gemv_rtl.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 16 /* outputs of the model */

/* A layer without memristors is not run: any model will do. */
static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    const struct pm_pva *arrays = pm_khwa_layer_arrays(layer);
    const struct pm_pva_cfg *c = arrays ? pm_pva_config(arrays) : NULL;
    (void)node, (void)tokens;
    snprintf(text, length, "Rows=%d Outputs=%d XBits=%u Digits=%u", PM_PVA_ROWS, WIDTH, c ? c->xbits : 8,
             c ? pm_pva_digits(c->wbits) : 4);
}

static void replay(const struct pm_twin_layer *l, const struct pm_khwa_run *run) {
    const struct pm_pva_cfg *c = pm_pva_config(run->matrix);
    fprintf(stderr, "perimeter: %s: %zu vectors of %u inputs of %u bits, to %u outputs, differ\n",
            l->node->name, run->n, pm_pva_rows(run->matrix), c->xbits, pm_pva_outputs(run->matrix));
}

/* sum[n][outputs] += what the RTL gives of one tile. */
static pm_status run_tile(struct pm_twin_layer *l, const struct pm_khwa_run *run, unsigned tile,
                          int64_t *part, int64_t *sum, uint64_t *clips, uint64_t *clocks) {
    const unsigned rows = pm_pva_rows(run->matrix), outputs = pm_pva_outputs(run->matrix);
    pm_pva_gemv_rtl_fn *const rtl = (pm_pva_gemv_rtl_fn *)l->rtl;
    for (unsigned first = 0; first < outputs; first += WIDTH) {
        const size_t n = outputs - first < WIDTH ? outputs - first : WIDTH;
        uint64_t here = 0;
        const pm_status status = rtl(&(struct pm_sim_opts){0}, run->matrix, tile, first,
                                     run->x + (size_t)tile * pm_pva_config(run->matrix)->rows, rows, run->n,
                                     run->first_vector, part, &here, clocks);
        if (status != PM_OK)
            return status;
        *clips += here;
        for (size_t i = 0; i < run->n * n; i++)
            sum[i / n * outputs + first + i % n] += part[i];
    }
    return PM_OK;
}

static pm_status done(void *layer, const void *golden) {
    struct pm_twin_layer *l = layer;
    const struct pm_khwa_run *run = golden;
    const size_t results = run->n * pm_pva_outputs(run->matrix);
    int64_t *sum = calloc(results, sizeof *sum), *part = malloc(run->n * WIDTH * sizeof *part);
    uint64_t clips = 0, clocks = 0;
    pm_status status = sum && part ? PM_OK : PM_ENOMEM;
    /* Tiles of a layer follow each other: one vector's accesses are the sum over them. */
    for (unsigned t = 0; t < pm_pva_tiles(run->matrix) && status == PM_OK; t++) {
        uint64_t of_tile = 0;
        status = run_tile(l, run, t, part, sum, &clips, &of_tile);
        clocks += of_tile;
    }
    for (size_t i = 0; i < results && status == PM_OK; i++)
        pm_twin_compare(l, "y", i, run->y[i], sum[i]);
    if (status == PM_OK)
        pm_twin_compare(l, "clips", 0, (int64_t)run->cost->clips, (int64_t)clips);
    l->result.runs++;
    l->result.clocks += clocks;
    l->result.golden_clocks += run->cost->accesses;
    if (status == PM_OK && pm_twin_failed(l)) {
        replay(l, run);
        status = PM_EDIFFER;
    }
    free(sum);
    free(part);
    return status;
}

const struct pm_twin pm_twin_khwa = {
    .system = "khwa", .block = "pva_gemv", .driver = "pm_pva_gemv_rtl", .params = params, .done = done};
