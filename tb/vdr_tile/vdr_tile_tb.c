// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_vdr_tile and pm_tile_rescale: rows of one tile to many, exponents that differ from tile to
 * tile, references that stay, rise by every number of halvings and by too many, masks; stalls; clocks. */
#include "bench.h"
#include "vdr_tile_rtl.h"

#include <stdlib.h>
#include <string.h>

enum {
    DIVIDED = 11, /* clocks from a tile's last beat to the next one's, at least, where the reference rises */
    AT_ONCE = 4,  /* where it does not */
    LATENCY = 9   /* from a tile's last beat to its first numerators where it does not */
};

static struct bench b;

struct work {
    struct pm_tile_shape shape;
    size_t tiles;
    double s0;
    bool round;
    int8_t *x;
    uint8_t *keep;
    int32_t *ne;
    int16_t *v;
};

static void *need(size_t bytes) {
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

static struct work make(size_t rows, size_t n, size_t tile, size_t values) {
    struct work k = {.shape = {rows, n, tile, values},
                     .tiles = (n + tile - 1) / tile,
                     .s0 = 0.5 + (double)bench_range(&b, 0, 4095) / 8192,
                     .round = bench_random(&b) & 1};
    k.x = need(rows * n);
    k.keep = need(rows * n);
    k.ne = need(rows * k.tiles * sizeof *k.ne);
    k.v = need(n * values * sizeof *k.v);
    for (size_t i = 0; i < n * values; i++)
        k.v[i] = (int16_t)bench_range(&b, -512, 511);
    memset(k.keep, 1, rows * n);
    return k;
}

static void drop(struct work *k) {
    free(k->x);
    free(k->keep);
    free(k->ne);
    free(k->v);
}

/* Integers that a run compares. */
static uint64_t integers(const struct work *k) {
    return k->shape.rows * (k->shape.n + 2 * k->tiles + 1 + k->shape.values);
}

static uint64_t compare(pm_vdr_tile_rtl_fn *rtl, const char *name, const struct work *k, uint64_t stalls) {
    struct {
        uint8_t *a, *shift;
        int32_t *reference;
        int64_t *z, *o;
    } y[2];
    const size_t rows = k->shape.rows;
    struct pm_vdr_lut lut;
    uint64_t clocks = 0;
    pm_vdr_lut_init(&lut, k->s0);
    for (int i = 0; i < 2; i++) {
        y[i].a = need(rows * k->shape.n);
        y[i].shift = need(rows * k->tiles);
        y[i].reference = need(rows * k->tiles * sizeof(int32_t));
        y[i].z = need(rows * sizeof(int64_t));
        y[i].o = need(rows * k->shape.values * sizeof(int64_t));
    }
    const struct pm_sim_opts opts = {.seed = stalls};
    pm_tile_attention(&lut, &k->shape, k->x, k->ne, k->keep, k->v, k->round, y[0].a, y[0].shift,
                      y[0].reference, y[0].z, y[0].o);
    const pm_status status = rtl(&opts, &lut, &k->shape, k->x, k->ne, k->keep, k->v, k->round, y[1].a,
                                 y[1].shift, y[1].reference, y[1].z, y[1].o, &clocks);
    if (status != PM_OK) {
        printf("# vdr_tile %s: %s\n", name, pm_strerror(status));
        bench_check(&b, name, false);
    }
    for (size_t i = 0; i < rows * k->shape.n; i++)
        bench_eq(&b, "a", i, y[0].a[i], y[1].a[i]);
    for (size_t i = 0; i < rows * k->tiles; i++) {
        bench_eq(&b, "shift", i, y[0].shift[i], y[1].shift[i]);
        bench_eq(&b, "reference", i, y[0].reference[i], y[1].reference[i]);
    }
    for (size_t i = 0; i < rows; i++)
        bench_eq(&b, "z", i, y[0].z[i], y[1].z[i]);
    for (size_t i = 0; i < rows * k->shape.values; i++)
        bench_eq(&b, "o", i, y[0].o[i], y[1].o[i]);
    for (int i = 0; i < 2; i++) {
        free(y[i].a);
        free(y[i].shift);
        free(y[i].reference);
        free(y[i].z);
        free(y[i].o);
    }
    return clocks;
}

/* Rows that rise, fall or wander, of logits that are near or far from one another. */
static void fill(struct work *k) {
    for (size_t t = 0; t < k->shape.rows; t++) {
        const int kind = (int)bench_range(&b, 0, 7), ne = (int)bench_range(&b, -9, 17), one_in = 1 + kind % 4;
        for (size_t tile = 0; tile < k->tiles; tile++)
            k->ne[t * k->tiles + tile] = kind == 0 ? (int32_t)bench_range(&b, -300, 300)
                                                   : ne + (kind < 4 ? 0 : (int)bench_range(&b, -2, 2));
        for (size_t j = 0; j < k->shape.n; j++) {
            const int trend = kind & 1 ? (int)(200 * j / k->shape.n) - 100 : 0;
            k->x[t * k->shape.n + j] =
                (int8_t)pm_clamp(trend + bench_range(&b, -128, 127) / (1 << kind), -128, 127);
            k->keep[t * k->shape.n + j] =
                kind == 7 && j < k->shape.n / 2 ? 0 : bench_random(&b) % (unsigned)one_in == 0;
        }
    }
}

/* Every rise 1..255 of the last bit, and none, at every exponent: two tiles, each of one kept logit. */
static uint64_t rises(pm_vdr_tile_rtl_fn *rtl) {
    uint64_t expected = 0;
    for (int ne = -10; ne <= 17; ne++) {
        struct work k = make(511, 2, 1, 1);
        for (int t = 0; t < 511; t++) {
            k.x[2 * t] = (int8_t)(t < 255 ? -128 : t - 383);
            k.x[2 * t + 1] = (int8_t)(t < 255 ? t - 127 : -128);
            k.ne[2 * t] = k.ne[2 * t + 1] = ne;
        }
        compare(rtl, "rises", &k, bench_stalls(&b));
        expected += integers(&k);
        drop(&k);
    }
    return expected;
}

/* Rises about the largest that is divided for, 40 halvings: what two tiles' exponents together can tell
 * apart. */
static uint64_t farthest(pm_vdr_tile_rtl_fn *rtl) {
    uint64_t expected = 0;
    for (int i = 0; i < 100; i++) {
        struct work k = make(6, 2, 1, 1);
        struct pm_vdr_lut lut;
        pm_vdr_lut_init(&lut, k.s0);
        for (int t = 0; t < 6; t++) {
            const int above = (int)(40 * lut.e[7].l + 8) / 16 - 2 + t;
            k.ne[2 * t] = 1; /* in 64ths */
            k.ne[2 * t + 1] = 7;
            k.x[2 * t] = (int8_t)(-above / 64 - 1);
            k.x[2 * t + 1] = (int8_t)(above % 64 - 64);
        }
        compare(rtl, "farthest", &k, bench_stalls(&b));
        expected += integers(&k);
        drop(&k);
    }
    return expected;
}

static bool throughput(pm_vdr_tile_rtl_fn *rtl, size_t lanes, size_t beats, bool rise, uint64_t *expected) {
    enum { ROWS = 6, TILES = 4 };
    struct work k = make(ROWS, TILES * beats * lanes, beats * lanes, 0);
    for (size_t i = 0; i < ROWS * k.shape.n; i++)
        k.x[i] = (int8_t)(rise ? i % k.shape.n / k.shape.tile * 40 : 7);
    for (size_t i = 0; i < ROWS * k.tiles; i++)
        k.ne[i] = 4;
    const uint64_t clocks = compare(rtl, "throughput", &k, 0);
    *expected += integers(&k);
    drop(&k);
    /* A row's first tile is never divided for. */
    const uint64_t first = beats < AT_ONCE ? AT_ONCE : beats, least = rise ? DIVIDED : AT_ONCE;
    const uint64_t want = beats + ROWS * first + ((TILES - 1) * ROWS - 1) * (beats < least ? least : beats) +
                          beats + LATENCY + (least - AT_ONCE);
    if (clocks != want)
        printf("# tiles of %zu beats: %llu clocks, expected %llu\n", beats, (unsigned long long)clocks,
               (unsigned long long)want);
    return clocks == want;
}

static void model(const char *name, unsigned rounds) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const size_t most = bench_parameter(&b, "MaxN"), lanes = bench_parameter(&b, "Lanes");
    pm_vdr_tile_rtl_fn *run = (pm_vdr_tile_rtl_fn *)bench_function(rtl, "pm_vdr_tile_rtl");
    char text[256];
    uint64_t expected = rises(run);
    snprintf(text, sizeof text, "every rise and fall of a reference, every exponent (%s)", b.params);
    bench_test(&b, text, expected);

    expected = farthest(run);
    snprintf(text, sizeof text, "rises to either side of 40 halvings (%s)", b.params);
    bench_test(&b, text, expected);

    expected = 0;
    for (unsigned i = 0; i < rounds; i++) {
        const size_t tile = i < 4 ? most : (size_t)bench_range(&b, 1, (int64_t)most);
        const size_t n = i % 5 == 0 ? tile : (size_t)bench_range(&b, 1, 6 * (int64_t)tile);
        struct work k = make((size_t)bench_range(&b, 1, 9), n, tile, (size_t)bench_range(&b, 0, 5));
        fill(&k);
        compare(run, "random rows", &k, bench_stalls(&b));
        expected += integers(&k);
        drop(&k);
    }
    snprintf(text, sizeof text, "random rows and stalls (%s)", b.params);
    bench_test(&b, text, expected);

    bool exact = true;
    expected = 0;
    for (size_t beats = 1; beats <= most / lanes && beats <= 16; beats++)
        for (int rise = 0; rise < 2; rise++)
            exact &= throughput(run, lanes, beats, rise, &expected);
    snprintf(text, sizeof text, "tiles without stalls (%s)", b.params);
    bench_test(&b, text, expected);
    snprintf(text, sizeof text, "clocks of tiles of every length (%s)", b.params);
    bench_check(&b, text, exact);

    struct work k = make(1, most + 1, most + 1, 0);
    struct pm_vdr_lut lut;
    struct pm_sim_opts opts = {0};
    uint8_t a[4097], shift;
    int32_t reference;
    int64_t z;
    pm_vdr_lut_init(&lut, 0.5);
    bench_check(&b, "a tile that is too long is refused",
                run(&opts, &lut, &k.shape, k.x, k.ne, NULL, k.v, true, a, &shift, &reference, &z, &z, NULL) ==
                    PM_ESHAPE);
    drop(&k);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "vdr_tile");
    model("l4", 200);
    model("l16n512", 60);
    return bench_end(&b);
}
