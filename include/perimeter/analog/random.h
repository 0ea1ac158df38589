// SPDX-License-Identifier: Apache-2.0
/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011) and Gaussians from an integer table.
 *
 * A draw is a function of its key and its counter and of nothing else: not of the order of draws, threads,
 * the machine or its math library. */
#ifndef PM_RANDOM_H
#define PM_RANDOM_H

#include "../pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Fraction bits of a Gaussian draw: 2^PM_GAUSS_FRAC is one standard deviation. */
#define PM_GAUSS_FRAC 16
/** No draw is larger in magnitude: 6.34 standard deviations, the quantile of 2^-33. */
#define PM_GAUSS_MAX 415364

/** The four words of Philox4x32-10 at counter ctr under key. */
void pm_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]);

/** The Gaussian of one random word, in 2^-16 standard deviations: inversion of the cumulative distribution at
 * 2^32 equally likely points, by linear interpolation between 32 nodes an octave of tail probability (within
 * 1e-4 standard deviations of the quantile). Bit 31 is the sign; pm_gauss(w ^ 1 << 31) = -pm_gauss(w). */
int32_t pm_gauss(uint32_t word);

/** out[i], i < n: the Gaussian of word i mod 4 at counter {ctr[0] + i / 4, ctr[1], ctr[2], ctr[3]}. */
void pm_gauss_fill(const uint32_t ctr[4], const uint32_t key[2], size_t n, int32_t *out);

#ifdef __cplusplus
}
#endif
#endif
