// SPDX-License-Identifier: Apache-2.0
#include "array_dpi.h"

#include "pm_sim.h"
#include "therm_enc.h"

#include <stdlib.h>
#include <string.h>

unsigned pm_array_pins_active(const struct pm_array_pins *p, unsigned wordlines, unsigned lines) {
    const unsigned dummies = (unsigned)__builtin_popcount(p->dwl);
    unsigned active = 0;
    for (unsigned w = 0; w < (wordlines + 31) / 32; w++)
        active += (unsigned)__builtin_popcount(p->wl[w]);
    const bool ok = active > 0 && active + dummies == lines && (p->dwl & (p->dwl + 1)) == 0;
    pm_sim_need(ok);
    return ok ? active : 0;
}

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

void pm_array_dpi_end(struct pm_array_dpi *d) {
    size_t index = pm_array_dpi_vectors(d);
    if (d->accesses && index < d->vectors)
        d->accesses[index] = d->count;
    d->count = 0;
    d->access = 0;
    d->vector++;
}

void pm_array_dpi_skip(struct pm_array_dpi *d) {
    pm_sim_need(d->count == 0);
    pm_array_dpi_end(d);
}

void pm_array_dpi_read(struct pm_array_dpi *d, const struct pm_array_pins *p, uint32_t *cmp) {
    uint64_t mask[PM_ARRAY_MAX_ROWS / 64] = {0};
    const unsigned rows = pm_array_rows(d->array), cols = pm_array_cols(d->array);
    if (pm_array_pins_active(p, d->pins, pm_array_lines(d->array)) == 0)
        return;
    for (unsigned w = 0; w < (d->pins + 31) / 32; w++)
        mask[w / 2] |= (uint64_t)p->wl[w] << (w % 2 * 32);
    for (unsigned r = rows; r < d->pins; r++)
        pm_sim_need(!(mask[r / 64] >> r % 64 & 1));
    const struct pm_read_id id = {d->vector, (uint16_t)(p->plane | (unsigned)p->neg << 8), d->access};
    pm_array_read(d->array, mask, (unsigned)__builtin_popcount(p->dwl), id, d->value);
    memset(cmp, 0, ((size_t)cols * PM_COMPARATORS + 31) / 32 * sizeof *cmp);
    /* As pm_flash: its comparators share one value and come on in order. */
    for (unsigned c = 0; c < cols; c++)
        cmp[c / 4] |= ((1u << pm_flash_code(d->value[c])) - 1) << (c % 4 * PM_COMPARATORS);
    d->count++;
    d->access = p->last_plane ? 0 : (uint16_t)(d->access + 1);
    if (p->last)
        pm_array_dpi_end(d);
}

/* Whether a column is sampled, and which. */
static int sampled_column(struct pm_scan_dpi *d, const struct pm_scan_pins *p) {
    if (p->sample == 0)
        return -1;
    pm_sim_need(d->held > d->ended && p->scan == (d->ended & 1));
    pm_sim_need(p->column == d->column && p->sample == 1u << p->column % d->sars);
    if (d->held <= d->ended || p->column != d->column)
        return -1;
    d->begun += d->column == 0;
    if (++d->column == d->cols) {
        d->column = 0;
        d->ended++;
    }
    return (int)p->column;
}

void pm_scan_dpi_clock(struct pm_scan_dpi *d, const struct pm_scan_pins *p, bool *held, int *sampled) {
    /* Both sides see the banks as they are before this clock's end. */
    const size_t ended = d->ended;
    *sampled = sampled_column(d, p);
    *held = p->hold;
    pm_sim_need(p->hold == (p->read && d->read_done));
    d->elapsed = p->read && !p->hold ? d->elapsed + 1 : 0;
    if (!p->read)
        return;
    pm_sim_need(d->held < ended + 2 && p->track == (d->held & 1));
    d->held += p->hold;
}

bool pm_scan_dpi_done(struct pm_scan_dpi *d) {
    d->read_done = d->elapsed + 1 >= d->read_clocks && !pm_sim_stall();
    return d->read_done;
}
