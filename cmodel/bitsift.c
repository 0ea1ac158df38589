// SPDX-License-Identifier: Apache-2.0
#include "bitsift.h"

#include <string.h>

pm_status pm_bitsift_check(const struct pm_bitsift_cfg *cfg) {
    bool ok = cfg->rows >= 1 && cfg->rows <= PM_MAX_ROWS && cfg->bits >= (cfg->is_signed ? 2u : 1u) &&
              cfg->bits <= PM_MAX_BITS && (cfg->slice == 8 || cfg->slice == 16 || cfg->slice == 32) &&
              (cfg->coding == PM_TWOS || cfg->coding == PM_SIGN) &&
              (cfg->mode == PM_GPC_SPLIT || cfg->mode == PM_GPC_SCAN || cfg->mode == PM_GPC_NEXT);
    return ok ? PM_OK : PM_EINVAL;
}

/* The bit planes of rows 64*w .. 64*w+63. */
static void load_word(struct pm_bitsift *b, const int32_t *x, unsigned w, bool magnitude) {
    const unsigned rows = b->cfg.rows - 64 * w < 64 ? b->cfg.rows - 64 * w : 64;
    const unsigned bits = b->cfg.bits;
    uint64_t plane[PM_MAX_BITS] = {0}, sign = 0;
    x += 64 * w;
    for (unsigned g = 0; g < rows; g += 8) {
        const unsigned n = rows - g < 8 ? rows - g : 8;
        uint64_t low = 0, high = 0;
        for (unsigned i = 0; i < n; i++) {
            uint32_t u = (uint32_t)x[g + i], s = u >> 31;
            if (magnitude)
                u = s ? 0 - u : u;
            low |= (uint64_t)(u & 0xff) << (8 * i);
            high |= (uint64_t)(u >> 8 & 0xff) << (8 * i);
            sign |= (uint64_t)s << (g + i);
        }
        low = pm_transpose8(low);
        for (unsigned p = 0; p < 8 && p < bits; p++)
            plane[p] |= (low >> (8 * p) & 0xff) << g;
        if (bits > 8) {
            high = pm_transpose8(high);
            for (unsigned p = 8; p < bits; p++)
                plane[p] |= (high >> (8 * (p - 8)) & 0xff) << g;
        }
    }
    for (unsigned p = 0; p < bits; p++)
        b->plane[p][w] = plane[p];
    b->sign[w] = sign;
}

/* Word w of a plane's ones. */
static uint64_t ones(const struct pm_bitsift *b, unsigned plane, bool neg, unsigned w) {
    uint64_t v = b->plane[plane][w];
    if (b->cfg.is_signed && b->cfg.coding == PM_SIGN)
        v &= neg ? b->sign[w] : ~b->sign[w];
    return v;
}

/* Queues a plane unless it is empty. */
static void queue(struct pm_bitsift *b, unsigned plane, bool neg) {
    uint64_t any = 0;
    for (unsigned w = 0; w < b->words; w++)
        any |= ones(b, plane, neg, w);
    if (any == 0)
        return;
    b->order[b->planes].plane = (uint8_t)plane;
    b->order[b->planes].neg = neg;
    b->planes++;
}

/* The lowest plane from which on all planes are equal: E + 1, or B - 1 without effective planes. */
static unsigned sign_plane(const struct pm_bitsift *b) {
    unsigned top = b->cfg.bits - 1;
    while (b->cfg.eplanes && top > 0 &&
           memcmp(b->plane[top - 1], b->plane[b->cfg.bits - 1], b->words * sizeof(uint64_t)) == 0)
        top--;
    return top;
}

void pm_bitsift_begin(struct pm_bitsift *b, const struct pm_bitsift_cfg *cfg, const int32_t *x) {
    const bool sign = cfg->is_signed && cfg->coding == PM_SIGN;
    b->cfg = *cfg;
    b->words = (cfg->rows + 63) / 64;
    b->slices = (cfg->rows + cfg->slice - 1) / cfg->slice;
    b->planes = b->index = b->left = 0;
    b->done = false;
    for (unsigned w = 0; w < b->words; w++)
        load_word(b, x, w, sign);
    if (cfg->is_signed && !sign) {
        const unsigned top = sign_plane(b);
        for (unsigned p = 0; p < top; p++)
            queue(b, p, false);
        queue(b, top, true);
        return;
    }
    for (unsigned half = 0; half <= sign; half++)
        for (unsigned p = 0; p < cfg->bits; p++)
            queue(b, p, half == 1);
}

/* The first k ones of v; all of them when there are fewer. */
static uint64_t mark(uint64_t v, unsigned k) {
    uint64_t rest = v;
    while (k-- > 0)
        rest &= rest - (rest != 0);
    return v ^ rest;
}

/* The first K remaining ones. Whole words of 64 rows stand for slices: where a slice ends does not matter
 * here. */
static unsigned split(struct pm_bitsift *b, uint64_t *mask) {
    unsigned need = PM_K;
    while (b->rem[b->at] == 0)
        b->at++;
    for (unsigned w = b->at; w < b->words && need > 0; w++) {
        const uint64_t v = b->rem[w];
        const unsigned pop = (unsigned)__builtin_popcountll(v);
        mask[w] = pop <= need ? v : mark(v, need);
        b->rem[w] = v ^ mask[w];
        need -= pop <= need ? pop : need;
    }
    return PM_K - need;
}

/* The literal rules: a full slice alone, then whole slices while they fit. */
static unsigned scan(struct pm_bitsift *b, uint64_t *mask, bool next) {
    const unsigned slice = b->cfg.slice;
    const uint64_t row_mask = ((uint64_t)1 << slice) - 1;
    unsigned sum = 0;
    for (int full = 1; full >= 0 && sum == 0; full--) {
        for (unsigned j = 0; j < b->slices && sum < PM_K; j++) {
            const unsigned w = j * slice / 64, at = j * slice % 64;
            const uint64_t v = b->rem[w] >> at & row_mask;
            const unsigned pop = (unsigned)__builtin_popcountll(v);
            if (full ? pop < PM_K : sum + pop > PM_K) {
                if (!full && next)
                    break;
                continue;
            }
            const uint64_t taken = (full ? mark(v, PM_K) : v) << at;
            mask[w] |= taken;
            b->rem[w] ^= taken;
            sum += full ? PM_K : pop;
        }
    }
    return sum;
}

bool pm_bitsift_next(struct pm_bitsift *b, struct pm_access *a) {
    if (b->done)
        return false;
    memset(a->mask, 0, b->words * sizeof *a->mask);
    if (b->planes == 0) {
        a->plane = a->sawl = a->dummy = 0;
        a->neg = false;
        a->last_plane = a->last_vector = b->done = true;
        return true;
    }
    if (b->left == 0) {
        for (unsigned w = 0; w < b->words; w++) {
            b->rem[w] = ones(b, b->order[b->index].plane, b->order[b->index].neg, w);
            b->left += (unsigned)__builtin_popcountll(b->rem[w]);
        }
        b->at = 0;
        b->index++;
    }
    a->sawl = b->cfg.mode == PM_GPC_SPLIT ? split(b, a->mask) : scan(b, a->mask, b->cfg.mode == PM_GPC_NEXT);
    a->dummy = PM_K - a->sawl;
    b->left -= a->sawl;
    a->plane = b->order[b->index - 1].plane;
    a->neg = b->order[b->index - 1].neg;
    a->last_plane = b->left == 0;
    a->last_vector = b->done = b->left == 0 && b->index == b->planes;
    return true;
}
