// SPDX-License-Identifier: Apache-2.0
/* What stands at the pins between a block and its analog array (the bundle of docs/development.md), for a
 * bench's DPI functions: what every access must hold, and behavioural arrays that answer. Whatever breaks a
 * rule ends the simulation with PM_EDIFFER. */
#ifndef ARRAY_DPI_H
#define ARRAY_DPI_H

#include "analog/array.h"

/** One access: wl_o, dwl_o and the side band. */
struct pm_array_pins {
    const uint32_t *wl;
    uint32_t dwl;
    unsigned plane;
    bool neg, last_plane, last;
};

/** wl_side_o, a packed side band: plane, 3 bits; neg; last access of the plane; of the vector. */
static inline struct pm_array_pins pm_array_pins(const uint32_t *wl, uint32_t dwl, uint32_t side) {
    return (struct pm_array_pins){wl, dwl, side & 7, side >> 3 & 1, side >> 4 & 1, side >> 5 & 1};
}

/** How many of the `wordlines` data lines are on. Exactly `lines` must be with the dummies, one of them a
 * data line, and the dummies a thermometer; 0 where they are not. */
unsigned pm_array_pins_active(const struct pm_array_pins *p, unsigned wordlines, unsigned lines);

/** An array with flash converters behind those pins: reads it access by access and numbers the reads as the
 * golden model does. Members are private. */
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
 * No line beyond the array's rows may be on. */
void pm_array_dpi_read(struct pm_array_dpi *d, const struct pm_array_pins *p, uint32_t *cmp);
/** A vector without any access passed (wl_last_o without wl_valid_o). */
void pm_array_dpi_skip(struct pm_array_dpi *d);

/** The vector has ended, which no access of this array said: of arrays that work side by side. */
void pm_array_dpi_end(struct pm_array_dpi *d);

/** Vectors that have ended since pm_array_dpi_init. */
size_t pm_array_dpi_vectors(const struct pm_array_dpi *d);

/** Pins of an array whose columns are held and converted in turn: read_o, track_bank_o, hold_o, scan_bank_o,
 * column_o and sample_o, a bit a converter. */
struct pm_scan_pins {
    bool read, track, hold, scan;
    unsigned column, sample;
};

/** Two sample-and-hold banks behind them, of which plane p is in number p mod 2. Zero but for the first
 * three. */
struct pm_scan_dpi {
    unsigned cols, sars, read_clocks;
    size_t held, begun, ended; /**< planes that are held, whose first, whose last column was sampled */
    unsigned column;           /**< to be sampled next */
    unsigned elapsed;          /* clocks of the read under way */
    bool read_done;
};

/** The clock that ends. A bank is held only when its read is done and its last columns were sampled; it is
 * scanned only while it holds, each column once, in order, by converter column mod sars. *held, *sampled:
 * plane held - 1 was held, column *sampled of plane begun - 1 was; -1: none. */
void pm_scan_dpi_clock(struct pm_scan_dpi *d, const struct pm_scan_pins *p, bool *held, int *sampled);
/** read_done_i in the next clock: after read_clocks, or later. */
bool pm_scan_dpi_done(struct pm_scan_dpi *d);

#endif
