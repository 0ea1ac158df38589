// SPDX-License-Identifier: Apache-2.0
#include "sar_ctrl.h"

unsigned pm_sar_code(int32_t vin_q8, unsigned bits) {
    unsigned code = 0;
    for (unsigned b = bits; b-- > 0;) {
        const unsigned trial = code | 1u << b;
        if (pm_sar_keep(vin_q8, trial))
            code = trial;
    }
    return code;
}

pm_status pm_sar_codes(const int32_t *vin_q8, size_t n, unsigned bits, uint8_t *code) {
    if (bits != PM_SAR_BITS && bits != PM_SAR_BITS - 1)
        return PM_EINVAL;
    for (size_t i = 0; i < n; i++)
        code[i] = (uint8_t)pm_sar_code(vin_q8[i], bits);
    return PM_OK;
}
