// SPDX-License-Identifier: Apache-2.0
#include "flare_gemv.h"
#include "kernels/simd.h"

#include "shift_add.h"
#include "therm_enc.h"

#include <string.h>

_Static_assert(PM_K == PM_COMPARATORS && PM_K == PM_GROUP, "a code counts every wordline of an access");

void pm_flare_program(struct pm_array *a, const int16_t *w, unsigned rows, unsigned outputs, unsigned wbits) {
    for (unsigned d = 0; d < rows; d++)
        for (unsigned m = 0; m < outputs; m++)
            for (unsigned b = 0; b < wbits; b++)
                pm_array_write(a, d, m * wbits + b, w[(size_t)d * outputs + m] >> b & 1);
}

/* The beats of one vector with each one's read id: the order in which every engine reads the array. */
struct walk {
    struct pm_bitsift sift;
    struct pm_access beat;
    struct pm_read_id id;
    uint16_t next; /* access within the plane */
};

static void walk_begin(struct walk *k, const struct pm_bitsift_cfg *cfg, const int32_t *x, uint32_t vector) {
    pm_bitsift_begin(&k->sift, cfg, x);
    /* The array may have more rows than the vector: BitSift writes only the mask words that it uses. */
    memset(k->beat.mask, 0, sizeof k->beat.mask);
    k->id = (struct pm_read_id){.vector = vector};
    k->next = 0;
}

/* The next access; a done beat without one is passed over. */
static bool walk_next(struct walk *k) {
    do {
        if (!pm_bitsift_next(&k->sift, &k->beat))
            return false;
    } while (k->beat.sawl == 0);
    k->id.plane = (uint16_t)(k->beat.plane | (unsigned)k->beat.neg << 8);
    k->id.access = k->next;
    k->next = k->beat.last_plane ? 0 : (uint16_t)(k->next + 1);
    return true;
}

static void count_vector(struct pm_gemv_cost *cost, const struct pm_bitsift_cfg *cfg) {
    cost->vectors++;
    cost->windows += (uint64_t)cfg->bits * ((cfg->rows + PM_K - 1) / PM_K);
    cost->bits += (uint64_t)cfg->bits * cfg->rows;
}

static void count_access(struct pm_gemv_cost *cost, const struct pm_access *beat, unsigned cols) {
    cost->accesses++;
    cost->ones += beat->sawl;
    cost->sawl[beat->sawl]++;
    cost->conversions += cols;
}

/* Converts every column; returns the conversions that differ from what code[] held. */
static uint64_t convert(const int32_t *restrict value, uint8_t *restrict code, unsigned cols) {
    uint32_t errors = 0;
    for (unsigned c = 0; c < cols; c++) {
        uint8_t now = pm_flash_code(value[c]);
        errors += now != code[c];
        code[c] = now;
    }
    return errors;
}

/* y[m] += weight * part of output m. Inlined for the usual widths, where the inner loop unrolls. |part| <
 * 2^19 and |weight| < 2^16. */
static inline __attribute__((always_inline)) void
join(const uint8_t *restrict code, unsigned wbits, unsigned outputs, int64_t weight, int64_t *restrict y) {
    for (unsigned m = 0; m < outputs; m++) {
        const uint8_t *c = &code[(size_t)m * wbits];
        int32_t part = -(c[wbits - 1] << (wbits - 1));
        for (unsigned b = 0; b + 1 < wbits; b++)
            part += c[b] << b;
        y[m] += weight * part;
    }
}

void pm_flare_gemv(const struct pm_bitsift_cfg *cfg, const struct pm_array *a, const int32_t *x,
                   unsigned wbits, uint32_t vector, int64_t *y, int32_t *value, uint8_t *code,
                   struct pm_gemv_cost *cost) {
    unsigned cols = pm_array_cols(a), outputs = cols / wbits;
    bool noisy = cost && pm_array_noisy(a);
    struct walk k;
    walk_begin(&k, cfg, x, vector);
    memset(y, 0, outputs * sizeof *y);
    while (walk_next(&k)) {
        pm_array_read(a, k.beat.mask, k.beat.dummy, k.id, value);
        if (noisy)
            pm_array_count(a, k.beat.mask, code);
        uint64_t errors = convert(value, code, cols);
        int64_t weight = (k.beat.neg ? -1 : 1) * ((int64_t)1 << k.beat.plane);
        switch (wbits) {
        case 8:
            join(code, 8, outputs, weight, y);
            break;
        case 10:
            join(code, 10, outputs, weight, y);
            break;
        default:
            join(code, wbits, outputs, weight, y);
        }
        if (!cost)
            continue;
        count_access(cost, &k.beat, cols);
        cost->conversion_errors += noisy ? errors : 0;
    }
    if (cost)
        count_vector(cost, cfg);
}

void pm_flare_gemv_plain(const struct pm_bitsift_cfg *cfg, const struct pm_array *a, const int32_t *x,
                         unsigned wbits, uint32_t vector, int64_t *y, int32_t *value, uint8_t *code,
                         struct pm_gemv_cost *cost) {
    unsigned cols = pm_array_cols(a);
    struct walk k;
    walk_begin(&k, cfg, x, vector);
    memset(y, 0, cols / wbits * sizeof *y);
    while (walk_next(&k)) {
        pm_array_read(a, k.beat.mask, k.beat.dummy, k.id, value);
        pm_array_count(a, k.beat.mask, code);
        uint64_t errors = 0;
        for (unsigned c = 0; c < cols; c++) {
            uint8_t count = code[c];
            code[c] = pm_therm_enc(pm_flash(value[c]));
            errors += code[c] != count;
        }
        for (unsigned m = 0; m < cols / wbits; m++)
            y[m] += pm_shift_add(&code[(size_t)m * wbits], wbits, k.beat.plane, k.beat.neg);
        if (!cost)
            continue;
        count_access(cost, &k.beat, cols);
        cost->conversion_errors += errors;
    }
    if (cost)
        count_vector(cost, cfg);
}

/* Arrays that go from plane to plane together. */
struct split {
    struct walk walk[PM_FLARE_ARRAYS];
    bool has[PM_FLARE_ARRAYS]; /* its next access is in walk.beat */
    unsigned arrays;
};

/* Planes come positive ones first, the least significant first. */
static unsigned place_of(const struct pm_access *beat) {
    return beat->plane | (unsigned)beat->neg << 8;
}

/* The earliest plane that an array has an access of; false where none has. */
static bool split_place(const struct split *s, unsigned *place) {
    bool any = false;
    for (unsigned k = 0; k < s->arrays; k++)
        if (s->has[k] && (!any || place_of(&s->walk[k].beat) < *place)) {
            *place = place_of(&s->walk[k].beat);
            any = true;
        }
    return any;
}

/* One array's part of an access. */
static void split_read(struct walk *k, const struct pm_array *a, unsigned wbits, int64_t *y, int32_t *value,
                       uint8_t *code, struct pm_gemv_cost *cost) {
    const unsigned cols = pm_array_cols(a);
    const bool noisy = cost && pm_array_noisy(a);
    pm_array_read(a, k->beat.mask, k->beat.dummy, k->id, value);
    if (noisy)
        pm_array_count(a, k->beat.mask, code);
    const uint64_t errors = convert(value, code, cols);
    join(code, wbits, cols / wbits, (k->beat.neg ? -1 : 1) * ((int64_t)1 << k->beat.plane), y);
    if (!cost)
        return;
    cost->ones += k->beat.sawl;
    cost->sawl[k->beat.sawl]++;
    cost->conversions += cols;
    cost->conversion_errors += noisy ? errors : 0;
}

void pm_flare_split_gemv(const struct pm_bitsift_cfg *cfg, const struct pm_array *const *a, unsigned arrays,
                         const int32_t *x, unsigned wbits, uint32_t vector, int64_t *y, int32_t *value,
                         uint8_t *code, struct pm_gemv_cost *cost) {
    struct pm_bitsift_cfg each = *cfg;
    struct split s = {.arrays = arrays};
    unsigned place = 0;
    each.rows = cfg->rows / arrays;
    memset(y, 0, pm_array_cols(a[0]) / wbits * sizeof *y);
    for (unsigned k = 0; k < arrays; k++) {
        walk_begin(&s.walk[k], &each, x + k * each.rows, vector);
        s.has[k] = walk_next(&s.walk[k]);
    }
    while (split_place(&s, &place)) {
        for (unsigned k = 0; k < arrays; k++)
            if (s.has[k] && place_of(&s.walk[k].beat) == place) {
                split_read(&s.walk[k], a[k], wbits, y, value, code, cost);
                s.has[k] = walk_next(&s.walk[k]);
            }
        if (cost)
            cost->accesses++;
    }
    if (!cost)
        return;
    cost->vectors++;
    cost->windows += (uint64_t)cfg->bits * ((each.rows + PM_K - 1) / PM_K);
    cost->bits += (uint64_t)cfg->bits * cfg->rows;
}

void pm_gemv_cost_add(struct pm_gemv_cost *to, const struct pm_gemv_cost *from) {
    to->vectors += from->vectors;
    to->accesses += from->accesses;
    to->windows += from->windows;
    to->ones += from->ones;
    to->bits += from->bits;
    to->conversions += from->conversions;
    to->conversion_errors += from->conversion_errors;
    for (int i = 0; i <= PM_K; i++)
        to->sawl[i] += from->sawl[i];
}
