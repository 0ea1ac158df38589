// SPDX-License-Identifier: Apache-2.0
#include "mlc_shift_add.h"

int32_t pm_mlc_partial(const int32_t *code, const uint8_t *flip, unsigned cell, unsigned pop) {
    int32_t t = -(int32_t)(pop << 7);
    for (unsigned c = 0; c < pm_mlc_slices(cell); c++)
        t += pm_mlc_value(code[c], cell, flip[c], pop) * (1 << (cell * c));
    return t;
}

int32_t pm_mlc_partial_pairs(const int32_t *code, unsigned cell) {
    int32_t t = 0;
    for (unsigned c = 0; c < pm_mlc_slices(cell); c++)
        t += (code[2 * c] - code[2 * c + 1]) * (1 << (cell * c));
    return t;
}

int32_t pm_mlc_accumulate(int32_t acc, int32_t t, unsigned plane) {
    const int32_t weight = plane == 7 ? -128 : 1 << plane;
    return (plane == 0 ? 0 : acc) + t * weight;
}

void pm_mlc_shift_add(const int32_t *code, const uint8_t *flip, unsigned cell, unsigned pop, unsigned plane,
                      unsigned outputs, int32_t *acc) {
    const unsigned slices = pm_mlc_slices(cell);
    for (unsigned m = 0; m < outputs; m++)
        acc[m] =
            pm_mlc_accumulate(acc[m], pm_mlc_partial(code + m * slices, flip + m * slices, cell, pop), plane);
}

void pm_mlc_shift_add_pairs(const int32_t *code, unsigned cell, unsigned plane, unsigned outputs,
                            int32_t *acc) {
    const unsigned columns = pm_mlc_columns(cell, PM_WEIGHTS_DIFFERENTIAL);
    for (unsigned m = 0; m < outputs; m++)
        acc[m] = pm_mlc_accumulate(acc[m], pm_mlc_partial_pairs(code + m * columns, cell), plane);
}
