// SPDX-License-Identifier: Apache-2.0
#include "array_dpi.h"

#include "pm_sim.h"
#include "therm_enc.h"

#include <stdlib.h>
#include <string.h>

pm_status pm_array_dpi_init(struct pm_array_dpi *d, const struct pm_array *a, unsigned pins, uint32_t vector,
                            uint32_t *accesses, size_t vectors) {
    *d = (struct pm_array_dpi){
        .array = a, .pins = pins, .vector = vector, .accesses = accesses, .vectors = vectors};
    if (pins < pm_array_rows(a) || pins > PM_ARRAY_MAX_ROWS)
        return PM_EINVAL;
    d->first = vector;
    d->value = malloc(pm_array_cols(a) * sizeof *d->value);
    return d->value ? PM_OK : PM_ENOMEM;
}

void pm_array_dpi_free(struct pm_array_dpi *d) {
    free(d->value);
    d->value = NULL;
}

size_t pm_array_dpi_vectors(const struct pm_array_dpi *d) {
    return d->vector - d->first;
}

static void end_vector(struct pm_array_dpi *d) {
    size_t index = pm_array_dpi_vectors(d);
    if (d->accesses && index < d->vectors)
        d->accesses[index] = d->count;
    d->count = 0;
    d->access = 0;
    d->vector++;
}

void pm_array_dpi_skip(struct pm_array_dpi *d) {
    if (d->count != 0)
        pm_sim_finish(PM_EDIFFER);
    end_vector(d);
}

void pm_array_dpi_read(struct pm_array_dpi *d, const uint32_t *wl, uint32_t dwl, unsigned plane, bool neg,
                       bool last_plane, bool last, uint32_t *cmp) {
    uint64_t mask[PM_ARRAY_MAX_ROWS / 64] = {0};
    unsigned rows = pm_array_rows(d->array), cols = pm_array_cols(d->array), active = 0, beyond = 0;
    for (unsigned r = 0; r < d->pins; r += 32) {
        uint64_t word = wl[r / 32];
        mask[r / 64] |= word << (r % 64);
        active += (unsigned)__builtin_popcountll(word);
    }
    for (unsigned r = rows; r < d->pins; r++)
        beyond += (unsigned)(mask[r / 64] >> (r % 64) & 1);
    unsigned dummies = (unsigned)__builtin_popcount(dwl);
    if (active == 0 || active + dummies != pm_array_lines(d->array) || dwl != (1u << dummies) - 1 || beyond != 0) {
        pm_sim_finish(PM_EDIFFER);
        return;
    }
    struct pm_read_id id = {d->vector, (uint16_t)(plane | (unsigned)neg << 8), d->access};
    pm_array_read(d->array, mask, dummies, id, d->value);
    memset(cmp, 0, ((size_t)cols * PM_COMPARATORS + 31) / 32 * sizeof *cmp);
    /* As pm_flash: its comparators share one value and come on in order. */
    for (unsigned c = 0; c < cols; c++)
        cmp[c / 4] |= ((1u << pm_flash_code(d->value[c])) - 1) << (c % 4 * PM_COMPARATORS);
    d->count++;
    d->access = last_plane ? 0 : (uint16_t)(d->access + 1);
    if (last)
        end_vector(d);
}
