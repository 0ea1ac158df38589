// SPDX-License-Identifier: Apache-2.0
/* Khwa's engines in RTL: floating-point inputs are aligned, each engine multiplies its kernels tile by tile,
 * and where there are several engines or floating point the back end brings kernels into order and makes FP32
 * numbers; aligned inputs, sums, clips and numbers against golden C, which has them by its shortest way. */
#include "mix_rtl.h"
#include "system/khwa.h"
#include "twin.h"

#include <stdio.h>
#include <stdlib.h>

/* Layers of up to so many rows have the same models. */
#define ROWS 1024

static bool is_float(const struct pm_mix_cfg *c) {
    return c->x_float || c->w_float;
}

static unsigned engines_of(const void *layer) {
    unsigned n = 0;
    for (unsigned e = 0; e < PM_KHWA_ENGINES; e++)
        n += pm_khwa_layer_kernels(layer, e) > 0;
    return n;
}

static bool needs(const void *layer, enum pm_mix_block block) {
    const struct pm_mix_cfg *c = pm_khwa_layer_config(layer);
    return block == PM_MIX_ALIGN  ? c->x_float
           : block == PM_MIX_BACK ? is_float(c) || engines_of(layer) > 1
                                  : pm_khwa_layer_kernels(layer, (enum pm_khwa_engine)block) > 0;
}

static void params(enum pm_mix_block block, const struct pm_node *node, const void *layer, char *text,
                   size_t length) {
    const unsigned in = node->matrix->in;
    if (needs(layer, block))
        pm_mix_params(block, pm_khwa_layer_config(layer), in < ROWS ? ROWS : in, text, length);
}

#define PARAMS(name, block)                                                                                  \
    static void name##_params(const struct pm_node *node, const void *layer, unsigned tokens, char *text,    \
                              size_t length) {                                                               \
        (void)tokens;                                                                                        \
        params(block, node, layer, text, length);                                                            \
    }
PARAMS(pva, PM_MIX_PVA)
PARAMS(dcim, PM_MIX_DCIM)
PARAMS(mac, PM_MIX_MAC)
PARAMS(align, PM_MIX_ALIGN)
PARAMS(back, PM_MIX_BACK)

static void compare(struct pm_twin_layer *l, const struct pm_khwa_run *run, const struct pm_mix_rtl *r) {
    for (size_t i = 0; i < run->n * run->in && run->mix->x_float; i++)
        pm_twin_compare(l, "x", i, run->x[i], r->q[i]);
    for (size_t t = 0; t < run->n && run->mix->x_float; t++)
        pm_twin_compare(l, "power", t, run->x_power[t], r->px[t]);
    for (size_t i = 0; i < run->n * run->out; i++)
        pm_twin_compare(l, "y", i, run->product[i], r->dpv[i]);
    if (run->arrays)
        pm_twin_compare(l, "clips", 0, (int64_t)run->cost->clips, (int64_t)r->clips);
    for (size_t i = 0; i < run->n * run->out && r->driver[PM_MIX_BACK]; i++) {
        unsigned flags = 0;
        const int power = run->x_power[i / run->out] + run->w_power[i % run->out];
        const int64_t dpv = run->product[i];
        pm_twin_compare(l, "number", i, is_float(run->mix) ? pm_fp_norm(dpv, power, &flags) : dpv, r->y[i]);
        pm_twin_compare(l, "flags", i, flags, r->flags[i]);
    }
}

/* Engines work side by side. */
static uint64_t slowest(const uint64_t clocks[PM_KHWA_ENGINES]) {
    uint64_t most = 0;
    for (unsigned e = 0; e < PM_KHWA_ENGINES; e++)
        most = clocks[e] > most ? clocks[e] : most;
    return most;
}

static uint64_t golden_clocks(const struct pm_khwa_run *run, const void *layer) {
    const uint64_t clocks[PM_KHWA_ENGINES] = {
        [PM_KHWA_MEMRISTOR] = run->cost->accesses,
        [PM_KHWA_SRAM] = pm_khwa_layer_kernels(layer, PM_KHWA_SRAM) > 0 ? run->n * run->mix->bx : 0,
        [PM_KHWA_TINY] = pm_khwa_layer_kernels(layer, PM_KHWA_TINY) > 0 ? run->n * run->in : 0};
    return slowest(clocks);
}

static pm_status done(void *layer, const void *golden) {
    struct pm_twin_layer *l = layer;
    const struct pm_khwa_run *run = golden;
    const size_t results = run->n * run->out;
    struct pm_mix_rtl r = {.cfg = run->mix,
                           .vectors = run->n,
                           .rows = run->in,
                           .outputs = run->out,
                           .x = run->code,
                           .w = run->weight,
                           .pw = run->w_power,
                           .dest = run->engine,
                           .arrays = run->arrays,
                           .first_vector = run->first_vector,
                           .q = malloc(run->n * run->in * sizeof *r.q),
                           .px = malloc(run->n * sizeof *r.px),
                           .dpv = malloc(results * sizeof *r.dpv),
                           .y = malloc(results * sizeof *r.y),
                           .flags = malloc(results)};
    for (unsigned b = 0; b < PM_MIX_BLOCKS; b++)
        r.driver[b] = l->rtl[b];
    pm_status status = r.q && r.px && r.dpv && r.y && r.flags ? pm_mix_rtl(&r) : PM_ENOMEM;
    if (status == PM_OK)
        compare(l, run, &r);
    l->result.runs++;
    l->result.clocks += slowest(r.clocks);
    l->result.golden_clocks += golden_clocks(run, l->layer);
    if (status == PM_OK && pm_twin_failed(l)) {
        fprintf(stderr, "perimeter: %s: %zu vectors of %u inputs of %u bits, to %u outputs, differ\n",
                l->node->name, run->n, run->in, run->mix->bx, run->out);
        status = PM_EDIFFER;
    }
    free(r.q);
    free(r.px);
    free(r.dpv);
    free(r.y);
    free(r.flags);
    return status;
}

const struct pm_twin pm_twin_khwa = {.system = "khwa",
                                     .block = {[PM_MIX_PVA] = {"pva_gemv", "pm_pva_gemv_rtl", pva_params},
                                               [PM_MIX_DCIM] = {"dcim", "pm_dcim_rtl", dcim_params},
                                               [PM_MIX_MAC] = {"tiny_mac", "pm_tiny_mac_rtl", mac_params},
                                               [PM_MIX_ALIGN] = {"prealign", "pm_prealign_rtl", align_params},
                                               [PM_MIX_BACK] = {"mix_gemv", "pm_mix_gemv_rtl", back_params}},
                                     .done = done};
