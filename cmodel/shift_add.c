// SPDX-License-Identifier: Apache-2.0
#include "shift_add.h"

int64_t pm_shift_add(const uint8_t *code, unsigned wbits, unsigned plane, bool neg) {
    int64_t part = 0;
    for (unsigned b = 0; b + 1 < wbits; b++)
        part += (int64_t)code[b] << b;
    part -= (int64_t)code[wbits - 1] << (wbits - 1);
    part *= (int64_t)1 << plane;
    return neg ? -part : part;
}
