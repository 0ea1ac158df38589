// SPDX-License-Identifier: Apache-2.0
/* Golden functions from C: a vector times a matrix through FLARE's array, what that takes, and eMSB-Q.
 *
 *     cc run.c $(pkg-config --cflags --libs --static perimeter) && ./a.out */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "emsbq.h"
#include "flare_gemv.h"

enum { ROWS = 64, OUTPUTS = 16, WBITS = 8 };

int main(void) {
    const struct pm_array_cfg cell = pm_array_mram(false, 1);
    const struct pm_bitsift_cfg cfg = {
        .rows = ROWS, .bits = 8, .slice = 16, .is_signed = true, .coding = PM_SIGN};
    static int16_t w[ROWS * OUTPUTS];
    static int32_t x[ROWS];
    static int64_t y[OUTPUTS];
    static int16_t q[OUTPUTS];
    struct pm_gemv_cost cost = {0};
    struct pm_flare_matrix *matrix;

    srand(1);
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        w[i] = (int16_t)(rand() % 256 - 128);
    for (int i = 0; i < ROWS; i++)
        x[i] = rand() % 32 - 16; /* small: the upper planes have few ones */

    pm_status status =
        pm_flare_matrix_new(&cell, 0, ROWS, OUTPUTS, WBITS, PM_PATH_BEST, PM_ISA_BEST, &matrix);
    if (status == PM_OK) {
        pm_flare_matrix_program(matrix, w);
        status = pm_flare_gemm(matrix, &cfg, x, 1, 0, y, &cost);
        pm_flare_matrix_free(matrix);
    }
    if (status != PM_OK) {
        fprintf(stderr, "%s\n", pm_strerror(status));
        return 1;
    }

    int differ = 0;
    for (int m = 0; m < OUTPUTS; m++) {
        int64_t exact = 0;
        for (int d = 0; d < ROWS; d++)
            exact += (int64_t)x[d] * w[d * OUTPUTS + m];
        differ += exact != y[m];
    }
    const struct pm_emsbq_cfg quantise = {.q = 8, .is_signed = true, .round = true};
    const int shift = pm_emsbq(&quantise, y, NULL, OUTPUTS, q);
    printf("%d sums, %d differ from x w; %" PRIu64 " accesses instead of %" PRIu64 "; y[0] = %" PRId64
           ", as 8 bits %d * 2^%d\n",
           OUTPUTS, differ, cost.accesses, cost.windows, y[0], q[0], shift);
    return differ != 0;
}
