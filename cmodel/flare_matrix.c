// SPDX-License-Identifier: Apache-2.0
/* Many vectors through one matrix: every conversion bit-sliced, or the integer product with its costs. */
#include "flare_gemv.h"

#include "analog/array_convert.h"
#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

/* Vectors whose bit planes, or elements as int16, are in memory at a time: a multiple of every gemm_rows. */
#define BLOCK 96
/* The widths for which |x| <= 255 and |w| <= 2^11 keep PM_MAX_ROWS products within int32: 4096 * 255 * 2^11 <
 * 2^31. */
#define NARROW_BITS  8
#define NARROW_WBITS 12

struct pm_flare_matrix {
    enum pm_path path;
    const struct pm_kernels *k;
    unsigned rows, outputs, wbits;
    struct pm_array *array; /* plain, and array where it is noisy */
    int16_t *packed;        /* exact */
    uint64_t *bits; /* array, nominal: [rows + 1][stride], bit b of output m is bit m of the words from b *
                       words; the last row is 0 */
    size_t words, stride; /* words of the outputs; of a row */
};

pm_status pm_flare_matrix_new(const struct pm_array_cfg *cell, uint32_t id, unsigned rows, unsigned outputs,
                              unsigned wbits, enum pm_path path, enum pm_isa isa,
                              struct pm_flare_matrix **matrix) {
    *matrix = NULL;
    const struct pm_kernels *k = pm_kernels(isa);
    if (k == NULL || pm_array_check(cell) != PM_OK || cell->lines != PM_K || rows < 1 || rows > PM_MAX_ROWS ||
        wbits < 2 || wbits > 16 || outputs < 1 || outputs > PM_ARRAY_MAX_COLS / wbits)
        return PM_EINVAL;
    const bool noisy = cell->noise && (cell->sigma_r > 0 || cell->read_noise > 0 || cell->sense_offset > 0);
    if (path == PM_PATH_BEST)
        path = noisy ? PM_PATH_ARRAY : PM_PATH_EXACT;
    if (path == PM_PATH_EXACT && noisy)
        return PM_EINVAL;
    struct pm_flare_matrix *f = calloc(1, sizeof *f);
    if (f == NULL)
        return PM_ENOMEM;
    *f = (struct pm_flare_matrix){
        .path = path, .k = k, .rows = rows, .outputs = outputs, .wbits = wbits, .words = (outputs + 63) / 64};
    f->stride = (wbits * f->words + PM_SIMD_WORDS - 1) / PM_SIMD_WORDS * PM_SIMD_WORDS;
    bool ok;
    if (path == PM_PATH_EXACT)
        ok = (f->packed = calloc(pm_gemm_packed(rows, outputs), sizeof *f->packed)) != NULL;
    else if (path == PM_PATH_ARRAY && !noisy)
        ok = (f->bits = calloc((rows + 1) * f->stride, sizeof *f->bits)) != NULL;
    else
        ok = (f->array = pm_array_new(cell, id, rows, outputs * wbits)) != NULL;
    if (!ok) {
        pm_flare_matrix_free(f);
        return PM_ENOMEM;
    }
    *matrix = f;
    return PM_OK;
}

void pm_flare_matrix_free(struct pm_flare_matrix *f) {
    if (f == NULL)
        return;
    pm_array_free(f->array);
    free(f->packed);
    free(f->bits);
    free(f);
}

void pm_flare_matrix_program(struct pm_flare_matrix *f, const int16_t *w) {
    if (f->array != NULL)
        pm_flare_program(f->array, w, f->rows, f->outputs, f->wbits);
    if (f->packed != NULL)
        pm_gemm_pack(w, f->rows, f->outputs, f->packed);
    for (size_t d = 0; f->bits != NULL && d < f->rows; d++) {
        uint64_t *row = f->bits + d * f->stride;
        memset(row, 0, f->stride * sizeof *row);
        for (unsigned m = 0; m < f->outputs; m++)
            for (unsigned b = 0; b < f->wbits; b++)
                row[b * f->words + m / 64] |= (uint64_t)(w[d * f->outputs + m] >> b & 1) << (m % 64);
    }
}

/* ---- costs ---- */

static void count_plane(struct pm_gemv_cost *cost, uint32_t ones) {
    cost->ones += ones;
    cost->accesses += (ones + PM_K - 1) / PM_K;
    cost->sawl[PM_K] += ones / PM_K;
    cost->sawl[ones % PM_K] += ones % PM_K != 0;
}

static void count_vector(struct pm_gemv_cost *cost, const struct pm_bitsift_cfg *cfg) {
    cost->vectors++;
    cost->windows += (uint64_t)cfg->bits * ((cfg->rows + PM_K - 1) / PM_K);
    cost->bits += (uint64_t)cfg->bits * cfg->rows;
}

/* What split mode costs one vector of at most 8 bits: x is padded with zeros. */
static void count_split(const struct pm_kernels *k, const struct pm_bitsift_cfg *cfg, const int16_t *x,
                        struct pm_gemv_cost *cost) {
    const unsigned blocks = (cfg->rows + 63) / 64;
    const bool sign = cfg->is_signed && cfg->coding == PM_SIGN;
    uint32_t pos[8], neg[8];
    k->pops(x, blocks, sign, pos, neg);
    unsigned planes = cfg->bits;
    if (cfg->is_signed && !sign && cfg->eplanes) {
        int any = 0;
        for (unsigned d = 0; d < 64 * blocks; d++)
            any |= x[d] ^ x[d] >> 15;
        planes = (unsigned)pm_bl((uint64_t)any) + 1; /* plane E + 1 stands for those above */
    }
    for (unsigned p = 0; p < planes; p++) {
        count_plane(cost, pos[p]);
        count_plane(cost, neg[p]);
    }
    count_vector(cost, cfg);
}

static void count_access(struct pm_gemv_cost *cost, const struct pm_access *a) {
    cost->accesses++;
    cost->ones += a->sawl;
    cost->sawl[a->sawl]++;
}

static void count_walk(const struct pm_bitsift_cfg *cfg, const int32_t *x, struct pm_gemv_cost *cost) {
    struct pm_bitsift b;
    struct pm_access a;
    pm_bitsift_begin(&b, cfg, x);
    while (pm_bitsift_next(&b, &a))
        if (a.sawl > 0)
            count_access(cost, &a);
    count_vector(cost, cfg);
}

/* ---- the integer product ---- */

/* x as int16, each row padded with zeros. What the planes hold of an element is its low bits. */
static void narrow(const struct pm_bitsift_cfg *cfg, const int32_t *x, unsigned n, size_t stride,
                   int16_t *out) {
    for (unsigned v = 0; v < n; v++, x += cfg->rows, out += stride) {
        for (unsigned d = 0; d < cfg->rows; d++)
            out[d] = (int16_t)x[d];
        memset(out + cfg->rows, 0, (stride - cfg->rows) * sizeof *out);
    }
}

static void product_wide(const struct pm_flare_matrix *f, unsigned rows, const int32_t *x, int64_t *y) {
    const size_t panel = (size_t)(f->rows + 1) / 2 * 2 * PM_PANEL;
    for (unsigned m = 0; m < f->outputs; m++) {
        const int16_t *w = f->packed + m / PM_PANEL * panel + 2 * (m % PM_PANEL);
        y[m] = 0;
        for (unsigned d = 0; d < rows; d++)
            y[m] += (int64_t)x[d] * w[(size_t)(d / 2) * 2 * PM_PANEL + d % 2];
    }
}

static pm_status gemm_exact(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg,
                            const int32_t *x, unsigned n, int64_t *y, struct pm_gemv_cost *cost) {
    /* Nine bits with a sign are magnitudes of up to 256, for weights of a bit less. */
    const unsigned wide = cfg->bits > NARROW_BITS;
    const bool narrow_x = cfg->bits <= NARROW_BITS + (unsigned)cfg->is_signed,
               fast = narrow_x && f->wbits + wide <= NARROW_WBITS;
    const bool split = !wide && cfg->mode == PM_GPC_SPLIT;
    const size_t stride = ((size_t)f->rows + 63) / 64 * 64; /* whole words of wordlines */
    const unsigned most = n < BLOCK ? n : BLOCK;
    int16_t *x16 = malloc(most * stride * sizeof *x16);
    if (x16 == NULL)
        return PM_ENOMEM;
    for (unsigned v = 0; v < n; v += BLOCK) {
        const unsigned vectors = n - v < BLOCK ? n - v : BLOCK;
        const int32_t *block = x + (size_t)v * cfg->rows;
        if (narrow_x)
            narrow(cfg, block, vectors, stride, x16);
        if (fast)
            pm_gemm(f->k, x16, stride, vectors, f->packed, f->rows, f->outputs, y + (size_t)v * f->outputs,
                    NULL);
        for (unsigned i = 0; i < vectors; i++) {
            if (!fast)
                product_wide(f, cfg->rows, block + (size_t)i * cfg->rows, y + (size_t)(v + i) * f->outputs);
            if (cost != NULL && split)
                count_split(f->k, cfg, x16 + i * stride, cost);
            else if (cost != NULL)
                count_walk(cfg, block + (size_t)i * cfg->rows, cost);
        }
    }
    free(x16);
    return PM_OK;
}

/* ---- every conversion ---- */

/* One vector's sums in bit slices: of the codes of the plane at hand, and of each output's positive and
 * negative parts.
 */
struct slices {
    uint64_t *sum;     /* [13][stride] */
    uint64_t *part[2]; /* [bits][words] */
    int32_t *lanes;    /* [64 words] */
    unsigned bits;     /* slices of a part */
};

static void access_rows(const struct pm_flare_matrix *f, const uint64_t *mask, size_t mask_words,
                        const uint64_t *row[PM_K]) {
    unsigned n = 0;
    for (size_t w = 0; w < mask_words; w++)
        for (uint64_t m = mask[w]; m != 0; m &= m - 1)
            row[n++] = f->bits + (64 * w + (unsigned)__builtin_ctzll(m)) * f->stride;
    while (n < PM_K)
        row[n++] = f->bits + f->rows * f->stride;
}

/* The plane's sums, weighted, to the outputs' parts. */
static void end_plane(const struct pm_flare_matrix *f, const struct slices *s, unsigned depth, unsigned plane,
                      bool neg) {
    for (unsigned b = 0; b < f->wbits; b++) {
        uint64_t *part = s->part[neg != (b == f->wbits - 1)] + (plane + b) * f->words;
        f->k->add(part, f->words, s->bits - plane - b, s->sum + b * f->words, f->stride, depth, f->words);
    }
}

static void gemv_sliced(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                        const struct slices *s, int64_t *y, struct pm_gemv_cost *cost) {
    struct pm_bitsift sift;
    struct pm_access beat;
    unsigned codes = 0; /* largest sum of the plane's codes so far */
    for (unsigned i = 0; i < 2; i++)
        memset(s->part[i], 0, s->bits * f->words * sizeof(uint64_t));
    pm_bitsift_begin(&sift, cfg, x);
    while (pm_bitsift_next(&sift, &beat)) {
        const uint64_t *row[PM_K];
        if (beat.sawl == 0)
            continue;
        /* A slice comes into use, as zeros, when a sum can reach it. */
        const unsigned from = codes == 0 ? 0 : (unsigned)pm_bl(codes);
        codes += codes == 0 ? PM_K : beat.sawl;
        const unsigned depth = (unsigned)pm_bl(codes);
        memset(s->sum + from * f->stride, 0, (depth - from) * f->stride * sizeof(uint64_t));
        access_rows(f, beat.mask, sift.words, row);
        f->k->access(row, f->stride, depth, s->sum);
        if (cost != NULL)
            count_access(cost, &beat);
        if (beat.last_plane) {
            end_plane(f, s, depth, beat.plane, beat.neg);
            codes = 0;
        }
    }
    memset(y, 0, f->outputs * sizeof *y);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned from = 0; from < s->bits; from += 24) {
            const unsigned bits = s->bits - from < 24 ? s->bits - from : 24;
            const int64_t weight = (i == 0 ? 1 : -1) * ((int64_t)1 << from);
            memset(s->lanes, 0, 64 * f->words * sizeof *s->lanes);
            f->k->unpack(s->part[i] + from * f->words, f->words, bits, f->words, s->lanes);
            for (unsigned m = 0; m < f->outputs; m++)
                y[m] += weight * s->lanes[m];
        }
    if (cost != NULL)
        count_vector(cost, cfg);
}

static pm_status gemm_sliced(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg,
                             const int32_t *x, unsigned n, int64_t *y, struct pm_gemv_cost *cost) {
    /* An output's parts stay below rows * 2^bits * 2^wbits, a plane's sums within rows + K. */
    const unsigned depth = (unsigned)pm_bl(cfg->rows + PM_K);
    struct slices s = {.bits = cfg->bits + f->wbits + depth};
    const size_t sum = depth * f->stride, part = s.bits * f->words;
    uint64_t *memory = malloc((sum + 2 * part + 32 * f->words) * sizeof *memory);
    if (memory == NULL)
        return PM_ENOMEM;
    s.sum = memory;
    s.part[0] = memory + sum;
    s.part[1] = s.part[0] + part;
    s.lanes = (int32_t *)(s.part[1] + part);
    for (unsigned v = 0; v < n; v++)
        gemv_sliced(f, cfg, x + (size_t)v * cfg->rows, &s, y + (size_t)v * f->outputs, cost);
    free(memory);
    return PM_OK;
}

/* y[m] += weight * what output m's columns have summed up to; the sums begin anew. */
static inline __attribute__((always_inline)) void
join(uint16_t *restrict sum, unsigned wbits, unsigned outputs, int64_t weight, int64_t *restrict y) {
    for (unsigned m = 0; m < outputs; m++) {
        const uint16_t *c = sum + (size_t)m * wbits;
        int64_t part = -((int64_t)c[wbits - 1] << (wbits - 1));
        for (unsigned b = 0; b + 1 < wbits; b++)
            part += (int64_t)c[b] << b;
        y[m] += weight * part;
    }
    memset(sum, 0, (size_t)wbits * outputs * sizeof *sum);
}

static void gemv_drawn(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                       uint32_t vector, uint16_t *sum, int64_t *y, struct pm_gemv_cost *cost) {
    struct pm_bitsift sift;
    struct pm_access beat;
    struct pm_read_id id = {.vector = vector};
    memset(beat.mask, 0, sizeof beat.mask); /* the array may have more rows than the vector */
    memset(y, 0, f->outputs * sizeof *y);
    pm_bitsift_begin(&sift, cfg, x);
    while (pm_bitsift_next(&sift, &beat)) {
        if (beat.sawl == 0)
            continue;
        id.plane = (uint16_t)(beat.plane | (unsigned)beat.neg << 8);
        const uint64_t errors =
            pm_array_convert(f->array, f->k, beat.mask, beat.dummy, id, cost != NULL, sum);
        id.access = beat.last_plane ? 0 : (uint16_t)(id.access + 1);
        if (beat.last_plane) {
            const int64_t weight = (beat.neg ? -1 : 1) * ((int64_t)1 << beat.plane);
            if (f->wbits == 8)
                join(sum, 8, f->outputs, weight, y);
            else
                join(sum, f->wbits, f->outputs, weight, y);
        }
        if (cost != NULL) {
            count_access(cost, &beat);
            cost->conversion_errors += errors;
        }
    }
    if (cost != NULL)
        count_vector(cost, cfg);
}

static pm_status gemm_drawn(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg,
                            const int32_t *x, unsigned n, uint32_t first_vector, int64_t *y,
                            struct pm_gemv_cost *cost) {
    const size_t cols = (size_t)f->outputs * f->wbits;
    uint16_t *sum = calloc((cols + PM_DRAWN_COLS - 1) / PM_DRAWN_COLS * PM_DRAWN_COLS, sizeof *sum);
    if (sum == NULL)
        return PM_ENOMEM;
    for (unsigned v = 0; v < n; v++)
        gemv_drawn(f, cfg, x + (size_t)v * cfg->rows, first_vector + v, sum, y + (size_t)v * f->outputs,
                   cost);
    free(sum);
    return PM_OK;
}

static pm_status gemm_plain(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg,
                            const int32_t *x, unsigned n, uint32_t first_vector, int64_t *y,
                            struct pm_gemv_cost *cost) {
    const size_t cols = (size_t)f->outputs * f->wbits;
    int32_t *value = malloc(cols * sizeof *value);
    uint8_t *code = malloc(cols);
    const pm_status status = value != NULL && code != NULL ? PM_OK : PM_ENOMEM;
    for (unsigned v = 0; v < n && status == PM_OK; v++)
        pm_flare_gemv_plain(cfg, f->array, x + (size_t)v * cfg->rows, f->wbits, first_vector + v,
                            y + (size_t)v * f->outputs, value, code, cost);
    free(value);
    free(code);
    return status;
}

pm_status pm_flare_gemm(const struct pm_flare_matrix *f, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                        unsigned n, uint32_t first_vector, int64_t *y, struct pm_gemv_cost *cost) {
    if (f->path == PM_PATH_PLAIN)
        return gemm_plain(f, cfg, x, n, first_vector, y, cost);
    const uint64_t before = cost != NULL ? cost->accesses : 0;
    const pm_status status = f->packed != NULL ? gemm_exact(f, cfg, x, n, y, cost)
                             : f->bits != NULL ? gemm_sliced(f, cfg, x, n, y, cost)
                                               : gemm_drawn(f, cfg, x, n, first_vector, y, cost);
    if (cost != NULL)
        cost->conversions += (cost->accesses - before) * f->outputs * f->wbits;
    return status;
}
