// SPDX-License-Identifier: Apache-2.0
/* BitSift: which wordlines each array access turns on (FLARE section 4.4). */
#ifndef PM_BITSIFT_H
#define PM_BITSIFT_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Simultaneously active wordlines of one array access, K. */
#define PM_K 8

/** How a vector's elements become bit planes. */
enum pm_coding {
    PM_TWOS, /**< planes 0..B-1, the last one counts negative */
    PM_SIGN, /**< planes of max(x,0), then planes of max(-x,0), all negative */
};

/** How the grants k_j are shared out among the LPC slices. */
enum pm_gpc_mode {
    PM_GPC_SPLIT, /**< an access takes the first K remaining ones: ceil(P/K) accesses */
    PM_GPC_SCAN,  /**< full slices alone, then whole slices that fit, with a token queue */
    PM_GPC_NEXT,  /**< as scan, but stops at the first slice that does not fit */
};

struct pm_bitsift_cfg {
    unsigned rows;         /**< D, 1..PM_MAX_ROWS */
    unsigned slice;        /**< L, rows per LPC slice: 8, 16 or 32 */
    unsigned bits;         /**< B, 1..16 (signed: 2..16) */
    bool is_signed;        /**< unsigned elements have positive planes only */
    enum pm_coding coding; /**< of signed elements; both codings give an unsigned vector the same planes */
    enum pm_gpc_mode mode;
    bool eplanes; /**< two's complement only: planes E+1..B-1 become one plane E+1 of weight -2^(E+1) */
};

/** One access, or the done beat of a vector that had none (sawl = 0). */
struct pm_access {
    unsigned plane;   /**< weight 2^plane */
    bool neg;         /**< the plane counts negative */
    bool last_plane;  /**< last access of its plane */
    bool last_vector; /**< last beat of its vector */
    unsigned sawl;    /**< simultaneously active wordlines that carry data, 0..K */
    unsigned dummy;   /**< K - sawl dummy wordlines (0 for a done beat without access) */
    uint64_t mask[PM_MAX_ROWS / 64];
};

/** Most bits of an element, B. */
#define PM_MAX_BITS 16

/** Walks the beats of one vector. Members are private to bitsift.c. */
struct pm_bitsift {
    struct pm_bitsift_cfg cfg;
    uint64_t plane[PM_MAX_BITS][PM_MAX_ROWS / 64]; /* bit planes of the elements, or of their magnitudes */
    uint64_t sign[PM_MAX_ROWS / 64];               /* sign coding: rows below 0 */
    uint64_t rem[PM_MAX_ROWS / 64];                /* ones of the current plane that no access has taken */
    struct {
        uint8_t plane, neg;
    } order[2 * PM_MAX_BITS]; /* the planes that hold ones */
    unsigned planes, index;   /* how many of them there are, and were begun */
    unsigned words, slices;
    unsigned left; /* ones in rem */
    unsigned at;   /* no ones in the words of rem below */
    bool done;
};

/** PM_OK when cfg is inside the documented ranges, PM_EINVAL otherwise. */
pm_status pm_bitsift_check(const struct pm_bitsift_cfg *cfg);

/** Starts on x[rows], every element within `bits` bits (only its low `bits` bits are looked at in two's
 *  complement). x is not needed after the call. */
void pm_bitsift_begin(struct pm_bitsift *b, const struct pm_bitsift_cfg *cfg, const int32_t *x);

/** The next beat into *a; false when the vector has ended. The last beat has last_vector set; a vector
 * without ones gives exactly one beat, with sawl = 0, plane 0 and last_plane set. Only mask words below
 * ceil(rows/64) are written. */
bool pm_bitsift_next(struct pm_bitsift *b, struct pm_access *a);

#ifdef __cplusplus
}
#endif
#endif
