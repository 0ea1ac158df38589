// SPDX-License-Identifier: Apache-2.0
#include "analog/sar.h"

#include <math.h>
#include <string.h>

#include "analog/random.h"

#define FRAC      16  /* fraction bits of DAC steps and offset, in LSB */
#define CAP_FRAC  32  /* fraction bits of a capacitance, in units */
#define MAX_SIGMA 0.1 /* of a unit capacitor: positive to the last draw, 0.1 * 6.34 < 1 */
#define MAX_LSB   16.0

/* The first counter word's upper bits: kinds of draws, apart from those of the arrays. */
enum draw { DRAW_CAP = 8, DRAW_OFFSET = 9, DRAW_NOISE = 10 };

static bool in_range(double v, double limit) {
    return v >= 0 && v <= limit; /* false for NaN */
}

pm_status pm_sar_check(const struct pm_sar_cfg *c) {
    return in_range(c->cap_sigma, MAX_SIGMA) && in_range(c->offset, MAX_LSB) && in_range(c->noise, MAX_LSB)
               ? PM_OK
               : PM_EINVAL;
}

/* sigma (in 2^-(f + 16)) times a Gaussian draw (in 2^-16), rounded to 2^-f. |sigma| < 2^44. */
static int64_t deviation(int64_t sigma, int32_t n) {
    return (sigma * n + ((int64_t)1 << (2 * PM_GAUSS_FRAC - 1))) >> (2 * PM_GAUSS_FRAC);
}

/* C1 to C7, the terminating unit, then C8 to C10: in the order of their draws. */
static void draw_steps(struct pm_sar *s, double cap_sigma, uint32_t index) {
    int32_t n[PM_SAR_MAX_BITS + 1];
    int64_t cap[PM_SAR_MAX_BITS], end = 0;
    pm_gauss_fill((uint32_t[4]){(uint32_t)DRAW_CAP << 28, index, 0, s->id}, s->key, PM_SAR_MAX_BITS + 1, n);
    for (unsigned i = 0; i <= PM_SAR_MAX_BITS; i++) {
        const unsigned b = i < PM_SAR_BITS ? i : i - 1, units = i == PM_SAR_BITS ? 1 : 1u << b;
        /* Drawn at 2^-24 units, so that sigma keeps 40 fraction bits within 64-bit products. */
        const int64_t sigma = llround(cap_sigma * sqrt(units) * (double)((int64_t)1 << 40));
        const int64_t drawn = ((int64_t)units << CAP_FRAC) + deviation(sigma, n[i]) * (1 << (CAP_FRAC - 24));
        *(i == PM_SAR_BITS ? &end : &cap[b]) = drawn;
    }
    for (unsigned bits = PM_SAR_BITS - 1; bits <= PM_SAR_MAX_BITS; bits++) {
        int64_t total = end;
        for (unsigned b = 0; b < bits; b++)
            total += cap[b];
        /* A capacitor has less than bits + 32 bits, full scale bits + 16: a product in 64 bits, of which
         * modes of more than 7 leave out some. */
        const unsigned cut = bits > PM_SAR_BITS ? 2 * (bits - PM_SAR_BITS) : 0;
        total >>= cut;
        for (unsigned b = 0; b < bits; b++)
            s->step[bits][b] = ((cap[b] >> cut) * ((int64_t)1 << (bits + FRAC)) + total / 2) / total;
    }
}

/* The DAC at a code, in 2^-FRAC LSB. */
static int64_t level(const struct pm_sar *s, unsigned bits, unsigned dac) {
    int64_t sum = 0;
    for (; dac != 0; dac &= dac - 1)
        sum += s->step[bits][__builtin_ctz(dac)];
    return sum;
}

void pm_sar_init(struct pm_sar *s, const struct pm_sar_cfg *cfg, uint32_t id, uint32_t index) {
    int32_t n;
    memset(s, 0, sizeof *s);
    s->ideal = cfg->cap_sigma == 0 && cfg->offset == 0 && cfg->noise == 0;
    s->key[0] = (uint32_t)cfg->seed;
    s->key[1] = (uint32_t)(cfg->seed >> 32);
    s->id = id;
    draw_steps(s, cfg->cap_sigma, index);
    pm_gauss_fill((uint32_t[4]){(uint32_t)DRAW_OFFSET << 28, index, 0, id}, s->key, 1, &n);
    s->offset = deviation(llround(cfg->offset * (double)((int64_t)1 << (FRAC + PM_GAUSS_FRAC))), n);
    s->noise = llround(cfg->noise * (double)((int64_t)1 << (FRAC + PM_GAUSS_FRAC)));
}

/* Words of the comparisons of bits 4 part .. 4 part + 3. */
static void noise_words(const struct pm_sar *s, unsigned part, struct pm_read_id id, uint32_t word[4]) {
    const uint32_t ctr[4] = {(uint32_t)DRAW_NOISE << 28 | (part & 2) << 26 | (uint32_t)id.access << 1 |
                                 (part & 1),
                             id.vector, id.plane, s->id};
    pm_philox(ctr, s->key, word);
}

/* The voltage as the comparator sees it, before its noise, in 2^-FRAC LSB. */
static int64_t input(const struct pm_sar *s, int32_t vin_q8) {
    return ((int64_t)vin_q8 + 128) * (1 << (FRAC - 8)) + s->offset;
}

bool pm_sar_compare(const struct pm_sar *s, unsigned bits, unsigned dac, unsigned b, int32_t vin_q8,
                    struct pm_read_id id) {
    if (s->ideal)
        return pm_sar_keep(vin_q8, dac);
    int64_t v = input(s, vin_q8);
    if (s->noise != 0) {
        uint32_t word[4];
        noise_words(s, b >> 2, id, word);
        v += deviation(s->noise, pm_gauss(word[b & 3]));
    }
    return v >= level(s, bits, dac);
}

unsigned pm_sar_convert(const struct pm_sar *s, unsigned bits, int32_t vin_q8, struct pm_read_id id) {
    if (s->ideal)
        return pm_sar_code(vin_q8, bits);
    const int64_t v = input(s, vin_q8);
    int64_t kept = 0;
    unsigned code = 0;
    uint32_t word[12] = {0};
    for (unsigned i = 0; s->noise != 0 && 4 * i < bits; i++)
        noise_words(s, i, id, word + 4 * i);
    for (unsigned b = bits; b-- > 0;) {
        const int64_t noise = s->noise != 0 ? deviation(s->noise, pm_gauss(word[b])) : 0;
        if (v + noise < kept + s->step[bits][b])
            continue;
        kept += s->step[bits][b];
        code |= 1u << b;
    }
    return code;
}

/* The voltages that end in code k: at least every trial that was kept, below every one that was refused. */
static int64_t code_width(const struct pm_sar *s, unsigned bits, unsigned k) {
    int64_t low = INT64_MIN, high = INT64_MAX;
    for (unsigned b = 0; b < bits; b++) {
        const int64_t trial = level(s, bits, (k >> b | 1) << b);
        if (k >> b & 1)
            low = trial > low ? trial : low;
        else
            high = trial < high ? trial : high;
    }
    return high > low ? high - low : 0;
}

void pm_sar_linearity(const struct pm_sar *s, unsigned bits, double *dnl, double *inl) {
    const unsigned last = (1u << bits) - 1;
    const double lsb = 1 << FRAC;
    int64_t since_first = 0;
    dnl[0] = inl[0] = dnl[last] = 0;
    for (unsigned k = 1; k <= last; k++) {
        inl[k] = (double)since_first / lsb - (k - 1);
        if (k == last)
            break;
        const int64_t width = code_width(s, bits, k);
        dnl[k] = (double)width / lsb - 1;
        since_first += width;
    }
}

/* Charge from the reference when capacitors of `on` units switch to it and the array goes from `from` to `to`
 * units on it, of `total`: sum over what is then on it of C (dV_bottom - dV_top), with dV_top = (to - from) /
 * total. */
static double step(unsigned on, unsigned from, unsigned to, unsigned total) {
    return on - (double)to * ((double)to - (double)from) / total;
}

double pm_sar_energy(unsigned code, unsigned bits) {
    const unsigned total = 1u << bits;
    unsigned on = 0;
    double energy = 0;
    for (unsigned b = bits; b-- > 0;) {
        /* C_b switches to the reference; if the bit above was refused, it leaves in the same step. */
        const unsigned kept = code >> (b + 1) << (b + 1);
        energy += step(1u << b, on, kept | 1u << b, total);
        on = kept | 1u << b;
    }
    return energy;
}
