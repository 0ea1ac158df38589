// SPDX-License-Identifier: Apache-2.0
#include "wake.h"

pm_status pm_wake_check(const struct pm_wake_cfg *cfg) {
    const bool bus = cfg->bus >= 1 && cfg->bus <= 1024 && (cfg->bus & (cfg->bus - 1)) == 0;
    return bus && cfg->pwr >= 0 && cfg->cap >= 0 ? PM_OK : PM_EINVAL;
}

int64_t pm_wake_beats(const struct pm_wake_cfg *cfg, int64_t bits) {
    const int64_t beats = bits / cfg->bus + (bits % cfg->bus != 0);
    return beats > 1 ? beats : 1;
}

pm_status pm_wake(const struct pm_wake_cfg *cfg, const int64_t *bits, const int64_t *run, size_t layers,
                  int64_t *end, size_t *at) {
    if (pm_wake_check(cfg) != PM_OK)
        return PM_EINVAL;
    int64_t load = cfg->pwr;
    uint64_t resident = 0; /* bits of layers first..l */
    size_t first = 0;
    for (size_t l = 0; l < layers; l++) {
        if (at)
            *at = l;
        if (bits[l] < 0 || run[l] < 1 || (cfg->cap && bits[l] > cfg->cap))
            return PM_ERANGE;
        /* Ends ascend: of the layers that must have ended, the last one decides. */
        if (cfg->cap) {
            resident += (uint64_t)bits[l];
            while (resident > (uint64_t)cfg->cap)
                resident -= (uint64_t)bits[first++];
            if (first > 0 && end[first - 1] > load)
                load = end[first - 1];
        }
        if (__builtin_add_overflow(load, pm_wake_beats(cfg, bits[l]), &load))
            return PM_ERANGE;
        const int64_t start = l > 0 && end[l - 1] > load ? end[l - 1] : load;
        if (__builtin_add_overflow(start, run[l], &end[l]))
            return PM_ERANGE;
    }
    return PM_OK;
}
