// SPDX-License-Identifier: Apache-2.0
#include "analog/sense.h"

#include <math.h>

#include "analog/random.h"
#include "kernels/simd.h"

#define DRAW_SENSE 12u /* kind of draw, apart from those of the other arrays and of the converters */

/* The line's normal deviate at 0 ps, Q(2.878) = 0.2%, and its slope to Q(4.753) = 1e-6 at 300 ps. */
#define DEVIATE_AT_0 2.878
#define DEVIATE_A_PS 0.00625
#define TABLE_AT_0   0.002
#define TABLE_AT_300 1e-6

pm_status pm_sense_check(const struct pm_sense_cfg *c) {
    const bool ends = c->advance == 0 || c->advance == PM_SENSE_MAX_ADVANCE;
    return c->advance <= PM_SENSE_MAX_ADVANCE && c->advance % PM_SENSE_STEP == 0 &&
                   c->model <= PM_SENSE_TABLE2 && (c->model != PM_SENSE_TABLE2 || ends)
               ? PM_OK
               : PM_EINVAL;
}

double pm_sense_probability(const struct pm_sense_cfg *c) {
    if (!c->misreads)
        return 0;
    if (c->model == PM_SENSE_TABLE2)
        return c->advance == 0 ? TABLE_AT_0 : TABLE_AT_300;
    return erfc((DEVIATE_AT_0 + DEVIATE_A_PS * c->advance) / sqrt(2)) / 2;
}

uint32_t pm_sense_threshold(const struct pm_sense_cfg *c) {
    return (uint32_t)floor(pm_sense_probability(c) * 0x1p32 + 0.5);
}

/* The draws of a read: column 0's counter and the key. */
static struct pm_draws draws(uint64_t seed, struct pm_sense_id id) {
    return (struct pm_draws){{DRAW_SENSE << 28, id.vector, (uint32_t)id.row << 16 | id.access, id.macro},
                             {(uint32_t)seed, (uint32_t)(seed >> 32)}};
}

void pm_sense_flip_plain(uint64_t seed, uint32_t threshold, struct pm_sense_id id, unsigned cols,
                         uint64_t *bits) {
    struct pm_draws d = draws(seed, id);
    uint32_t word[4];
    for (unsigned c = 0; c < cols; c++) {
        if (c % 4 == 0) {
            pm_philox(d.ctr, d.key, word);
            d.ctr[0]++;
        }
        bits[c / 64] ^= (uint64_t)(word[c % 4] < threshold) << c % 64;
    }
}

void pm_sense_flip(uint64_t seed, uint32_t threshold, struct pm_sense_id id, unsigned cols, uint64_t *bits) {
    enum { PER = 512 };
    struct pm_draws d = draws(seed, id);
    for (unsigned at = 0; at < cols && threshold != 0; at += PER, d.ctr[0] += PER / 4) {
        const unsigned n = cols - at < PER ? cols - at : PER;
        uint64_t mask[PER / 64];
        pm_kernels(PM_ISA_BEST)->below(&d, threshold, n, mask);
        for (unsigned j = 0; j < (n + 63) / 64; j++)
            bits[at / 64 + j] ^= mask[j];
    }
}
