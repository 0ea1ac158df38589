// SPDX-License-Identifier: Apache-2.0
/* A behavioural array at the pins of RTL: reads it access by access, numbers the reads as the golden model
 * does and checks what every access must hold. For a bench's DPI functions. */
#ifndef ARRAY_DPI_H
#define ARRAY_DPI_H

#include "analog/array.h"

/** One array's pins. Members are private. */
struct pm_array_dpi {
    const struct pm_array *array;
    unsigned pins;      /* wordlines of the RTL, at least the array's rows */
    uint32_t first;     /* vector at the start */
    uint32_t vector;    /* of the next access */
    uint16_t access;    /* within the plane */
    uint32_t count;     /* accesses of this vector so far */
    uint32_t *accesses; /* accesses of each vector, or NULL */
    size_t vectors;     /* elements of accesses[] */
    int32_t *value;
};

/** Puts array a, which must outlive it, behind `pins` wordlines (at least its rows). The next vector has
 * number `vector`. accesses[vectors], where not NULL, receives the accesses of each vector from here.
 * PM_ENOMEM, PM_EINVAL. */
pm_status pm_array_dpi_init(struct pm_array_dpi *d, const struct pm_array *a, unsigned pins, uint32_t vector,
                            uint32_t *accesses, size_t vectors);
void pm_array_dpi_free(struct pm_array_dpi *d);

/** One access, once for each that is done (wl_valid_o and wl_ready_i), and the comparators cmp[cols*8 bits].
 * Ends the simulation with PM_EDIFFER where not exactly K lines are on, no data line is on, the dummies are
 * not a thermometer, or a line beyond the array's rows is on. */
void pm_array_dpi_read(struct pm_array_dpi *d, const uint32_t *wl, uint32_t dwl, unsigned plane, bool neg,
                       bool last_plane, bool last, uint32_t *cmp);
/** A vector without any access passed (wl_last_o without wl_valid_o). */
void pm_array_dpi_skip(struct pm_array_dpi *d);

/** Vectors that have ended since pm_array_dpi_init. */
size_t pm_array_dpi_vectors(const struct pm_array_dpi *d);

#endif
