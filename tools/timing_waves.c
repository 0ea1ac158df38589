// SPDX-License-Identifier: Apache-2.0
/* Waveforms of blocks that have no `perimeter op`, for flow/timing.py: timing_waves BLOCK FILE
 * A few beats each, through the functions that drive the benches. */
#include "rtl.h"

#include "tb/col_scan/col_scan_rtl.h"
#include "tb/kv_write/kv_write_rtl.h"
#include "tb/mlc_shift_add/mlc_shift_add_rtl.h"
#include "tb/shift_add/shift_add_rtl.h"

#include <stdio.h>
#include <string.h>

typedef void (*function)(void);

static pm_status kv_write(function f, const struct pm_sim_opts *opts) {
    enum { Tokens = 2, D = 7 };
    static const struct pm_kv_write_cfg cfg = {.mk = 4, .mv = 2, .kvb = 2, .round = true};
    int64_t k[2 * Tokens * D], v[2 * Tokens * D];
    int32_t ex[2 * Tokens] = {0, 1, -1, 2};
    int16_t k_out[2 * Tokens * D], v_out[2 * Tokens * D];
    uint8_t k_sat[2], v_sat[2];
    unsigned flagged[2];
    for (int i = 0; i < 2 * Tokens * D; i++) {
        k[i] = i % 5 * 6 - 12;
        v[i] = i % 7 - 3;
    }
    return ((__typeof__(&pm_kv_write_rtl))f)(opts, &cfg, k, v, ex, 2, Tokens, D, k_out, v_out, k_sat, v_sat,
                                             flagged, NULL);
}

static pm_status col_scan(function f, const struct pm_sim_opts *opts) {
    enum { Planes = 3, Cols = 16 };
    const struct pm_col_scan_run r = {.cols = Cols, .sars = 8, .bits = 6, .read_clocks = 3};
    int32_t value[Planes * Cols];
    uint8_t code[Planes * Cols];
    for (int i = 0; i < Planes * Cols; i++)
        value[i] = i * 37 % 64 * 256;
    return ((pm_col_scan_rtl_fn *)f)(opts, &r, value, Planes, code, NULL);
}

static pm_status mlc_shift_add(function f, const struct pm_sim_opts *opts) {
    enum { Cols = 8 };
    uint8_t code[8 * Cols], flip[Cols] = {0, 1}, pop[8];
    int32_t y[2];
    for (int i = 0; i < 8 * Cols; i++)
        code[i] = (uint8_t)(i * 11 % 40);
    memset(pop, 20, sizeof pop);
    return ((pm_mlc_shift_add_rtl_fn *)f)(opts, Cols, 2, code, flip, pop, 1, y, NULL);
}

static pm_status shift_add(function f, const struct pm_sim_opts *opts) {
    /* Three accesses of one vector, an empty vector, two of a third. */
    static const struct pm_shift_add_beat beat[] = {{.plane = 0, .first = true},
                                                    {.plane = 0},
                                                    {.plane = 1, .neg = true, .last = true},
                                                    {.first = true, .last = true, .empty = true},
                                                    {.plane = 0, .first = true},
                                                    {.plane = 1, .last = true}};
    static const uint8_t code[] = {8, 1, 3, 0, 5, 2, 0, 0, 1, 1, 7, 0};
    int64_t y[3];
    return ((pm_shift_add_rtl_fn *)f)(opts, 1, 2, beat, code, 6, y, 3, NULL);
}

static const struct {
    const char *block, *params, *function;
    uint64_t stalls;
    pm_status (*run)(function f, const struct pm_sim_opts *opts);
} waves[] = {
    {"kv_write", "D=7 W=12 Kvb=2 MaxTokens=2 ExpW=3", "pm_kv_write_rtl", 3, kv_write},
    {"col_scan", "Cols=16 Sars=8", "pm_col_scan_rtl", 0, col_scan},
    {"mlc_shift_add", "Rows=100 Cols=8 Flexible=1", "pm_mlc_shift_add_rtl", 0, mlc_shift_add},
    {"shift_add", "Outputs=1 WBits=2 XBits=2 Rows=8", "pm_shift_add_rtl", 3, shift_add},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 3 && i < sizeof waves / sizeof *waves; i++) {
        if (strcmp(argv[1], waves[i].block) != 0)
            continue;
        struct pm_rtl *rtl;
        char err[2048];
        if (pm_rtl_open(waves[i].block, waves[i].params, true, &rtl, err, sizeof err) != PM_OK) {
            fprintf(stderr, "%s\n", err);
            return 2;
        }
        const struct pm_sim_opts opts = {.seed = waves[i].stalls, .wave = argv[2]};
        const pm_status status = waves[i].run(pm_rtl_function(rtl, waves[i].function), &opts);
        pm_rtl_close(rtl);
        if (status != PM_OK)
            fprintf(stderr, "timing_waves: %s: %s\n", argv[1], pm_strerror(status));
        return status == PM_OK ? 0 : 2;
    }
    fprintf(stderr, "usage: timing_waves kv_write|col_scan|mlc_shift_add|shift_add FILE\n");
    return 2;
}
