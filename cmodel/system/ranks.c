// SPDX-License-Identifier: Apache-2.0
#include "system/ranks.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analog/random.h"

/* First counter word of these draws, apart from those of the arrays and converters. */
#define DRAW_RANKS (15u << 28)

unsigned pm_rank_count(unsigned in, unsigned out) {
    const uint64_t k = (uint64_t)in * out / ((uint64_t)in + out);
    return k > 0 ? (unsigned)k : 1;
}

pm_status pm_rank_factor(const float *w, unsigned in, unsigned out, unsigned k, enum pm_rank_sigma sigma,
                         float *a, float *b) {
    const unsigned all = in < out ? in : out;
    if (k < 1 || k > all)
        return PM_EINVAL;
    double *m = malloc((size_t)in * out * sizeof *m), *s = malloc(all * sizeof *s);
    double *u = malloc((size_t)out * all * sizeof *u), *vt = malloc((size_t)all * in * sizeof *vt);
    double *work = malloc(all * sizeof *work);
    pm_status status = m && s && u && vt && work ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        for (size_t i = 0; i < (size_t)in * out; i++)
            m[i] = w[i];
        const lapack_int n = (lapack_int)in;
        if (LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'S', 'S', (lapack_int)out, n, m, n, s, u, (lapack_int)all, vt, n,
                           work) != 0)
            status = PM_EINVAL;
    }
    for (unsigned r = 0; r < k && status == PM_OK; r++) {
        const double first = sigma == PM_RANK_SIGMA_FIRST ? s[r] : 1;
        const double second = sigma == PM_RANK_SIGMA_FIRST ? 1 : s[r];
        for (unsigned i = 0; i < in; i++)
            a[(size_t)i * k + r] = (float)(first * vt[(size_t)r * in + i]);
        for (unsigned o = 0; o < out; o++)
            b[(size_t)r * out + o] = (float)(second * u[(size_t)o * all + r]);
    }
    free(m);
    free(s);
    free(u);
    free(vt);
    free(work);
    return status;
}

void pm_rank_sort(enum pm_rank_order by, const double *gradient, uint64_t seed, uint32_t id, unsigned k,
                  unsigned *order) {
    for (unsigned i = 0; i < k; i++)
        order[i] = i;
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (unsigned i = k; i > 1 && by == PM_RANK_RANDOM; i--) {
        uint32_t draw[4];
        pm_philox((uint32_t[4]){DRAW_RANKS, i, 0, id}, key, draw);
        const unsigned j = (unsigned)((uint64_t)draw[0] * i >> 32), last = order[i - 1];
        order[i - 1] = order[j];
        order[j] = last;
    }
    /* Insertion keeps equal gradients in order. */
    for (unsigned i = 1; i < k && by == PM_RANK_GRADIENT; i++) {
        unsigned j = i;
        for (; j > 0 && fabs(gradient[order[j - 1]]) < fabs(gradient[i]); j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}
