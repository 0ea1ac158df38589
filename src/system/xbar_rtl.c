// SPDX-License-Identifier: Apache-2.0
/* Crossbars in RTL: a matrix by tiles of rows and of as many outputs as the model has; the tiles' sums and
 * clips against what golden C gave by its shortest way. */
#include "tb/xbar/xbar_rtl.h"
#include "system/xbar.h"
#include "xbar_rtl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUTS 8 /* of a model */

void pm_xbar_twin_model(unsigned rows, char *text, size_t length) {
    snprintf(text, length, "Rows=%u Outputs=%d C=4 A=8 B=8", /* the bench's models */
             rows <= 16    ? 16
             : rows <= 64  ? 64
             : rows <= 256 ? 256
                           : PM_XBAR_MAX_ROWS,
             OUTPUTS);
}

static void params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,
                   size_t length) {
    (void)node, (void)tokens;
    const struct pm_xbar *h = pm_xbar_of_layer(layer);
    const unsigned all = pm_xbar_rows(h), most = pm_xbar_config(h)->rows;
    pm_xbar_twin_model(all < most ? all : most, text, length);
}

static void replay(const struct pm_twin_layer *l, const struct pm_xbar_run *run) {
    const struct pm_xbar_cfg *c = pm_xbar_config(run->matrix);
    const unsigned rows = pm_xbar_rows(run->matrix), outputs = pm_xbar_outputs(run->matrix);
    int32_t *w = malloc((size_t)rows * outputs * sizeof *w);
    char rest[160];
    if (!w || !pm_rram_is_nominal(&c->rram, c->cell)) {
        fprintf(stderr, "perimeter: %s\n", w ? "the cells were noisy, which no op replays" : "out of memory");
        free(w);
        return;
    }
    for (size_t i = 0; i < (size_t)rows * outputs; i++)
        w[i] = pm_xbar_weights(run->matrix)[i];
    const struct pm_twin_tensor in[] = {{"x", PM_TWIN_INT32, run->x, run->n, rows},
                                        {"w", PM_TWIN_INT32, w, rows, outputs}};
    snprintf(rest, sizeof rest,
             "--set wbits=%u --set abits=%u --set cell=%u --set signed=%d --set rows=%u --set adc=%u",
             c->wbits, c->abits, c->cell, c->is_signed, c->rows, c->adc);
    pm_twin_replay(l, "xbar-gemv", in, sizeof in / sizeof *in, rest);
    free(w);
}

/* All tiles: sum[n][outputs], and the clocks of the slowest, since they work side by side. */
static pm_status run_tiles(const struct pm_twin_layer *l, const struct pm_xbar_run *run, int64_t *part,
                           int64_t *sum, uint64_t *clips, uint64_t *slowest) {
    const unsigned rows = pm_xbar_rows(run->matrix), outputs = pm_xbar_outputs(run->matrix);
    __typeof__(&pm_xbar_rtl) rtl = (__typeof__(&pm_xbar_rtl))l->rtl[0];
    for (unsigned t = 0; t < pm_xbar_row_tiles(run->matrix); t++)
        for (unsigned m = 0, n = 1; m < outputs; m += n) {
            uint64_t clocks;
            const pm_status status = rtl(&(struct pm_sim_opts){0}, run->matrix, t, m,
                                         run->x + t * pm_xbar_config(run->matrix)->rows, rows, run->n,
                                         run->first_vector, part, &n, clips, &clocks);
            if (status != PM_OK)
                return status;
            for (size_t i = 0; i < run->n * n; i++)
                sum[i / n * outputs + m + i % n] += part[i];
            *slowest = clocks > *slowest ? clocks : *slowest;
        }
    return PM_OK;
}

pm_status pm_xbar_twin_done(void *layer, const void *golden) {
    struct pm_twin_layer *l = layer;
    const struct pm_xbar_run *run = golden;
    const size_t results = run->n * pm_xbar_outputs(run->matrix);
    int64_t *part = malloc(run->n * OUTPUTS * sizeof *part), *sum = calloc(results, sizeof *sum);
    uint64_t clips = 0, slowest = 0;
    pm_status status = part && sum ? run_tiles(l, run, part, sum, &clips, &slowest) : PM_ENOMEM;
    for (size_t i = 0; i < results && status == PM_OK; i++)
        pm_twin_compare(l, "y", i, run->y[i], sum[i]);
    if (status == PM_OK)
        pm_twin_compare(l, "clips", 0, (int64_t)run->clips, (int64_t)clips);
    l->result.runs++;
    l->result.clocks += slowest;
    l->result.golden_clocks += run->clocks + 1;
    if (status == PM_OK && pm_twin_failed(l)) {
        replay(l, run);
        status = PM_EDIFFER;
    }
    free(part);
    free(sum);
    return status;
}

const struct pm_twin pm_twin_xbar = {
    .system = "xbar", .block = {{"xbar", "pm_xbar_rtl", params}}, .done = pm_xbar_twin_done};
