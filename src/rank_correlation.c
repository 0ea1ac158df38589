// SPDX-License-Identifier: Apache-2.0
#include "rank_correlation.h"

#include <math.h>
#include <stdlib.h>

struct item {
    double value;
    size_t index;
};

static int by_value(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static void ranks(const double *v, size_t n, struct item *item, double *rank) {
    for (size_t i = 0; i < n; i++)
        item[i] = (struct item){v[i], i};
    qsort(item, n, sizeof *item, by_value);
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && item[next].value <= item[i].value;)
            next++;
        for (size_t k = i; k < next; k++)
            rank[item[k].index] = (double)(i + next - 1) / 2;
    }
}

double pm_spearman(const double *a, const double *b, size_t n) {
    struct item *item = malloc((n + 1) * sizeof *item);
    double *ra = malloc((n + 1) * sizeof *ra), *rb = malloc((n + 1) * sizeof *rb), result = NAN;
    if (item && ra && rb && n > 1) {
        double aa = 0, bb = 0, ab = 0;
        const double mean = (double)(n - 1) / 2;
        ranks(a, n, item, ra);
        ranks(b, n, item, rb);
        for (size_t i = 0; i < n; i++) {
            aa += (ra[i] - mean) * (ra[i] - mean);
            bb += (rb[i] - mean) * (rb[i] - mean);
            ab += (ra[i] - mean) * (rb[i] - mean);
        }
        if (aa > 0 && bb > 0)
            result = ab / sqrt(aa * bb);
    }
    free(item);
    free(ra);
    free(rb);
    return result;
}
