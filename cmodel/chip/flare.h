// SPDX-License-Identifier: Apache-2.0
/* FLARE (arXiv 2411.14733): accesses from densities, as small functions. */
#ifndef PM_CHIP_FLARE_H
#define PM_CHIP_FLARE_H

#include "chip/chip.h"

/** Expected value of the largest of `arrays` independent ceil(Bin(rows, density) / 8): accesses of a plane
 * whose ones are spread over so many arrays. */
double pm_flare_plane(int64_t rows, double density, int64_t arrays);
/** Accesses of a vector of B = 8 bits, its rows split over dc arrays that go from plane to plane together:
 * sign coding has 2 (B - 1) half planes of B / (2 (B - 1)) the density, else B planes. */
double pm_flare_vector(int64_t rows, double density, bool sign, int64_t dc);

/** Accesses of a token in one layer, by matrix. */
struct pm_flare_accesses {
    double x, l, av, o; /**< x: K and V together, or Q; l, av: a head's */
};
/** K and V, then the longest of what works at once. */
double pm_flare_interval(const struct pm_flare_accesses *a);

#endif
