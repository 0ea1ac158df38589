// SPDX-License-Identifier: Apache-2.0
#include "mix_rtl.h"

#include "dcim.h"
#include "tb/dcim/dcim_rtl.h"
#include "tb/mix_gemv/mix_gemv_rtl.h"
#include "tb/prealign/prealign_rtl.h"
#include "tb/pva_gemv/pva_gemv_rtl.h"
#include "tb/tiny_mac/tiny_mac_rtl.h"
#include "tiny_mac.h"

#include <stdlib.h>
#include <string.h>

#define PVA_WIDTH 16 /* outputs of a memristor run */

const struct pm_mix_model pm_mix_model[PM_MIX_BLOCKS] = {
    [PM_MIX_PVA] = {"pva_gemv", "pm_pva_gemv_rtl"},  [PM_MIX_DCIM] = {"dcim", "pm_dcim_rtl"},
    [PM_MIX_MAC] = {"tiny_mac", "pm_tiny_mac_rtl"},  [PM_MIX_ALIGN] = {"prealign", "pm_prealign_rtl"},
    [PM_MIX_BACK] = {"mix_gemv", "pm_mix_gemv_rtl"},
};

/* The least power of two that holds n and is at least `least`. */
static unsigned fit(size_t n, unsigned least) {
    return n > least ? 1u << pm_clog2((unsigned)n) : least;
}

void pm_mix_params(enum pm_mix_block block, const struct pm_mix_cfg *c, size_t rows, char *text,
                   size_t length) {
    const struct pm_float_format f = pm_float_format(c->format);
    switch (block) {
    case PM_MIX_PVA:
        snprintf(text, length, "Rows=%u Outputs=%d XBits=%u Digits=%u",
                 fit(rows < PM_PVA_ROWS ? rows : PM_PVA_ROWS, 128), PVA_WIDTH, c->bx, pm_pva_digits(c->bw));
        break;
    case PM_MIX_DCIM:
        snprintf(text, length, "Rows=%d Outputs=%d XBits=%u G=2 Every=2", PM_DCIM_ROWS, PM_DCIM_OUTPUTS,
                 c->bx);
        break;
    case PM_MIX_MAC:
        snprintf(text, length, "Lanes=%d XBits=%u", PM_TINY_LANES, c->bx);
        break;
    case PM_MIX_ALIGN:
        snprintf(text, length, "E=%u M=%u B=%u Lanes=16 MaxK=%u", f.e, f.m, c->bx, fit(rows, 64));
        break;
    default:
        snprintf(text, length, "Kernels=%d PW=10", PM_MIX_KERNELS);
    }
}

/* A layer, and its kernels of the engine at work. */
struct work {
    struct pm_mix_rtl *l;
    const int32_t *x;        /* [vectors][rows], aligned */
    size_t *kernel, kernels; /* their numbers */
    int16_t *w;              /* [rows][kernels] */
    unsigned runs[PM_MIX_BLOCKS];
};

static struct pm_sim_opts options(struct work *k, enum pm_mix_block block) {
    const unsigned run = k->runs[block]++;
    return k->l->sim ? k->l->sim(k->l->ctx, block, run) : (struct pm_sim_opts){0};
}

static void add(struct work *k, size_t vector, size_t kernel, int64_t y) {
    k->l->dpv[vector * k->l->outputs + k->kernel[kernel]] += y;
}

static pm_status align(struct work *k) {
    struct pm_mix_rtl *l = k->l;
    const struct pm_prealign_cfg cfg = {.format = l->cfg->format, .bits = l->cfg->bx, .round = l->cfg->rx};
    const struct pm_sim_opts opts = options(k, PM_MIX_ALIGN);
    const size_t n = l->vectors * l->rows;
    int16_t *q = malloc(n * sizeof *q);
    uint8_t *flags = malloc(l->vectors);
    const pm_status status =
        q && flags ? ((pm_prealign_rtl_fn *)l->driver[PM_MIX_ALIGN])(&opts, &cfg, l->x, NULL, l->vectors,
                                                                     l->rows, q, l->px, flags, NULL)
                   : PM_ENOMEM;
    for (size_t i = 0; i < n && status == PM_OK; i++)
        l->q[i] = q[i];
    for (size_t t = 0; t < l->vectors && status == PM_OK; t++)
        l->px[t] = pm_prealign_power(&cfg, (unsigned)l->px[t]);
    free(q);
    free(flags);
    return status;
}

/* Tile by tile, some outputs at a time. */
static pm_status memristor(struct work *k) {
    struct pm_mix_rtl *l = k->l;
    pm_pva_gemv_rtl_fn *const rtl = (pm_pva_gemv_rtl_fn *)l->driver[PM_MIX_PVA];
    int64_t *y = malloc(l->vectors * PVA_WIDTH * sizeof *y);
    pm_status status = y ? PM_OK : PM_ENOMEM;
    for (unsigned tile = 0; status == PM_OK && tile < pm_pva_tiles(l->arrays); tile++) {
        uint64_t clocks = 0, clips;
        for (size_t first = 0; first < k->kernels && status == PM_OK; first += PVA_WIDTH) {
            const size_t width = k->kernels - first < PVA_WIDTH ? k->kernels - first : PVA_WIDTH;
            const struct pm_sim_opts opts = options(k, PM_MIX_PVA);
            status = rtl(&opts, l->arrays, tile, (unsigned)first, k->x + (size_t)tile * PM_PVA_ROWS, l->rows,
                         l->vectors, l->first_vector, y, &clips, &clocks);
            l->clips += status == PM_OK ? clips : 0;
            for (size_t i = 0; i < l->vectors * width && status == PM_OK; i++)
                add(k, i / width, first + i % width, y[i]);
        }
        l->clocks[PM_MIX_MEMRISTOR] += clocks;
    }
    free(y);
    return status;
}

/* Rows row.. and kernels out.. of the operands, zeros beyond their ends. */
static void cut(const struct work *k, size_t row, size_t out, int32_t *x, int8_t *w) {
    for (size_t i = 0; i < k->l->vectors * PM_DCIM_ROWS; i++) {
        const size_t r = row + i % PM_DCIM_ROWS;
        x[i] = r < k->l->rows ? k->x[i / PM_DCIM_ROWS * k->l->rows + r] : 0;
    }
    for (size_t i = 0; i < PM_DCIM_ROWS * PM_DCIM_OUTPUTS; i++) {
        const size_t r = row + i / PM_DCIM_OUTPUTS, m = out + i % PM_DCIM_OUTPUTS;
        w[i] = (int8_t)(r < k->l->rows && m < k->kernels ? k->w[r * k->kernels + m] : 0);
    }
}

static pm_status sram(struct work *k) {
    struct pm_mix_rtl *l = k->l;
    const struct pm_dcim_cfg cfg = {.xbits = l->cfg->bx, .is_signed = pm_mix_signed(l->cfg), .share = 2};
    int32_t *x = malloc(l->vectors * PM_DCIM_ROWS * sizeof *x);
    int64_t *y = malloc(l->vectors * PM_DCIM_OUTPUTS * sizeof *y);
    int8_t w[PM_DCIM_ROWS * PM_DCIM_OUTPUTS];
    uint64_t *const slowest = &l->clocks[PM_MIX_SRAM];
    pm_status status = x && y ? PM_OK : PM_ENOMEM;
    for (size_t row = 0; row < l->rows; row += PM_DCIM_ROWS)
        for (size_t out = 0; out < k->kernels && status == PM_OK; out += PM_DCIM_OUTPUTS) {
            const struct pm_sim_opts opts = options(k, PM_MIX_DCIM);
            uint64_t clocks = 0;
            cut(k, row, out, x, w);
            status = ((pm_dcim_rtl_fn *)l->driver[PM_MIX_DCIM])(&opts, &cfg, PM_DCIM_ROWS, PM_DCIM_OUTPUTS, x,
                                                                w, l->vectors, y, &clocks, NULL);
            *slowest = clocks > *slowest ? clocks : *slowest;
            for (size_t i = 0; i < l->vectors * PM_DCIM_OUTPUTS && status == PM_OK; i++)
                if (out + i % PM_DCIM_OUTPUTS < k->kernels)
                    add(k, i / PM_DCIM_OUTPUTS, out + i % PM_DCIM_OUTPUTS, y[i]);
        }
    free(x);
    free(y);
    return status;
}

/* What a run of lanes is given. */
struct lanes {
    int32_t *x; /* [beats][PM_TINY_LANES] */
    int8_t *w;
    bool *last;
    int32_t *y; /* [sums][PM_TINY_LANES] */
};

/* Kernels out.. as rows of the lanes; a sum ends with its vector, and after as many rows as a lane adds up.
 */
static void fill(const struct work *k, size_t out, const struct lanes *to) {
    const size_t beats = k->l->vectors * k->l->rows;
    for (size_t i = 0; i < beats * PM_TINY_LANES; i++) {
        const size_t beat = i / PM_TINY_LANES, m = out + i % PM_TINY_LANES, row = beat % k->l->rows;
        to->x[i] = k->x[beat];
        to->w[i] = (int8_t)(m < k->kernels ? k->w[row * k->kernels + m] : 0);
        to->last[beat] = row + 1 == k->l->rows || row % PM_TINY_ROWS == PM_TINY_ROWS - 1;
    }
}

static pm_status tiny(struct work *k) {
    struct pm_mix_rtl *l = k->l;
    const struct pm_tiny_cfg cfg = {.xbits = l->cfg->bx, .is_signed = pm_mix_signed(l->cfg)};
    const size_t beats = l->vectors * l->rows, tiles = (l->rows + PM_TINY_ROWS - 1) / PM_TINY_ROWS;
    struct lanes to = {malloc(beats * PM_TINY_LANES * sizeof *to.x), malloc(beats * PM_TINY_LANES),
                       malloc(beats * sizeof *to.last),
                       malloc(l->vectors * tiles * PM_TINY_LANES * sizeof *to.y)};
    uint64_t *const slowest = &l->clocks[PM_MIX_TINY];
    pm_status status = to.x && to.w && to.last && to.y ? PM_OK : PM_ENOMEM;
    for (size_t out = 0; out < k->kernels && status == PM_OK; out += PM_TINY_LANES) {
        const struct pm_sim_opts opts = options(k, PM_MIX_MAC);
        uint64_t clocks = 0;
        fill(k, out, &to);
        status = ((pm_tiny_mac_rtl_fn *)l->driver[PM_MIX_MAC])(&opts, &cfg, PM_TINY_LANES, to.x, to.w,
                                                               to.last, beats, to.y, &clocks);
        *slowest = clocks > *slowest ? clocks : *slowest;
        for (size_t i = 0; i < l->vectors * tiles * PM_TINY_LANES && status == PM_OK; i++)
            if (out + i % PM_TINY_LANES < k->kernels)
                add(k, i / PM_TINY_LANES / tiles, out + i % PM_TINY_LANES, to.y[i]);
    }
    free(to.x);
    free(to.w);
    free(to.last);
    free(to.y);
    return status;
}

/* The kernels of an engine, as columns side by side. */
static void take_part(struct work *k, enum pm_mix_engine engine) {
    const struct pm_mix_rtl *l = k->l;
    k->kernels = 0;
    for (size_t m = 0; m < l->outputs; m++)
        if (l->dest[m] == engine)
            k->kernel[k->kernels++] = m;
    for (size_t i = 0; i < l->rows * k->kernels; i++)
        k->w[i] = l->w[i / k->kernels * l->outputs + k->kernel[i % k->kernels]];
}

/* Kernels first.. of all vectors through the back end; kernels that it has too many are SRAM's, and 0. */
static pm_status finish(struct work *k, size_t first, int64_t *dpv, int64_t *y, uint8_t *flags) {
    struct pm_mix_rtl *l = k->l;
    const struct pm_sim_opts opts = options(k, PM_MIX_BACK);
    uint8_t dest[PM_MIX_KERNELS];
    int32_t pw[PM_MIX_KERNELS];
    for (size_t m = 0; m < PM_MIX_KERNELS; m++) {
        const bool there = first + m < l->outputs;
        dest[m] = there ? l->dest[first + m] : PM_MIX_SRAM;
        pw[m] = there ? l->pw[first + m] : 0;
        for (size_t t = 0; t < l->vectors; t++)
            dpv[t * PM_MIX_KERNELS + m] = there ? l->dpv[t * l->outputs + first + m] : 0;
    }
    const struct pm_mix_back back = {l->cfg->x_float || l->cfg->w_float, dest, pw, l->px, dpv};
    const pm_status status = ((pm_mix_gemv_rtl_fn *)l->driver[PM_MIX_BACK])(&opts, &back, PM_MIX_KERNELS,
                                                                            l->vectors, y, flags, NULL);
    for (size_t t = 0; t < l->vectors && status == PM_OK; t++)
        for (size_t m = 0; m < PM_MIX_KERNELS && first + m < l->outputs; m++) {
            l->y[t * l->outputs + first + m] = y[t * PM_MIX_KERNELS + m];
            l->flags[t * l->outputs + first + m] = flags[t * PM_MIX_KERNELS + m];
        }
    return status;
}

static pm_status bring_together(struct work *k) {
    const size_t n = k->l->vectors * PM_MIX_KERNELS;
    int64_t *dpv = malloc(n * sizeof *dpv), *y = malloc(n * sizeof *y);
    uint8_t *flags = malloc(n);
    pm_status status = dpv && y && flags ? PM_OK : PM_ENOMEM;
    for (size_t first = 0; first < k->l->outputs && status == PM_OK; first += PM_MIX_KERNELS)
        status = finish(k, first, dpv, y, flags);
    free(dpv);
    free(y);
    free(flags);
    return status;
}

pm_status pm_mix_rtl(struct pm_mix_rtl *l) {
    static pm_status (*const engine[PM_MIX_ENGINES])(struct work *) = {memristor, sram, tiny};
    struct work k = {.l = l,
                     .x = l->cfg->x_float ? l->q : l->x,
                     .kernel = malloc(l->outputs * sizeof *k.kernel),
                     .w = malloc(l->rows * l->outputs * sizeof *k.w)};
    pm_status status = k.kernel && k.w ? PM_OK : PM_ENOMEM;
    memset(l->px, 0, l->vectors * sizeof *l->px);
    memset(l->dpv, 0, l->vectors * l->outputs * sizeof *l->dpv);
    memset(l->clocks, 0, sizeof l->clocks);
    l->clips = 0;
    if (status == PM_OK && l->cfg->x_float)
        status = align(&k);
    for (unsigned e = 0; e < PM_MIX_ENGINES && status == PM_OK; e++) {
        take_part(&k, e);
        if (k.kernels > 0)
            status = engine[e](&k);
    }
    if (status == PM_OK && l->driver[PM_MIX_BACK])
        status = bring_together(&k);
    free(k.kernel);
    free(k.w);
    return status;
}
