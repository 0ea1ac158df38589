// SPDX-License-Identifier: Apache-2.0
#include "analog/random.h"

#include "kernels/simd.h"

#include <Random123/philox.h>

/* Nodes an octave: 2^5. */
#define OCTAVE_BITS 5

const int32_t pm_gauss_quantile[(32 << OCTAVE_BITS) + 1] = {
#include "gauss_table.inc"
};

void pm_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]) {
    const philox4x32_ctr_t c = {{ctr[0], ctr[1], ctr[2], ctr[3]}};
    const philox4x32_key_t k = {{key[0], key[1]}};
    const philox4x32_ctr_t r = philox4x32(c, k);
    for (int i = 0; i < 4; i++)
        out[i] = r.v[i];
}

int32_t pm_gauss(uint32_t word) {
    /* Odd numerator v of the tail probability v / 2^33: octave, node within it, 16 bits between two nodes. */
    const uint32_t v = word << 1 | 1;
    const uint32_t octave = 31 - (uint32_t)__builtin_clz(v);
    const uint32_t mantissa = v << (31 - octave);
    const int32_t *t = pm_gauss_quantile + (octave << OCTAVE_BITS) + (mantissa >> (31 - OCTAVE_BITS) & 31);
    const int32_t between = (int32_t)(mantissa << (OCTAVE_BITS + 1) >> 16);
    const int32_t x = t[0] - (((t[0] - t[1]) * between + (1 << 15)) >> 16);
    return word >> 31 ? -x : x;
}

void pm_gauss_fill(const uint32_t ctr[4], const uint32_t key[2], size_t n, int32_t *out) {
    const struct pm_draws d = {{ctr[0], ctr[1], ctr[2], ctr[3]}, {key[0], key[1]}};
    pm_kernels(PM_ISA_BEST)->gauss(&d, n, out);
}
