// SPDX-License-Identifier: Apache-2.0
/* Types and integer primitives that every golden block shares. */
#ifndef PM_TYPES_H
#define PM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most wordlines of one FLARE array, most elements of a row. */
#define PM_MAX_ROWS 4096

/** What a library function returns; PM_OK is 0. */
typedef enum pm_status {
    PM_OK = 0,
    PM_EINVAL,  /**< an argument is outside its documented range */
    PM_EIO,     /**< a file could not be opened, read or written */
    PM_EFORMAT, /**< a file's content is not what its format says */
    PM_ESHAPE,  /**< a tensor's rank or shape does not fit */
    PM_ERANGE,  /**< a value does not fit its type or its range */
    PM_ENOMEM,  /**< out of memory */
    PM_EMODE,   /**< this engine does not have this mode */
    PM_EBUILD,  /**< a simulation model could not be built or loaded */
    PM_EHANG,   /**< a simulation made no progress */
    PM_EDIFFER, /**< two engines gave different integers */
} pm_status;

/** A short English text for a status; never NULL. */
const char *pm_strerror(pm_status s);

/** Bit length of u: 0 for 0, otherwise the position of the leading one plus 1. */
static inline int pm_bl(uint64_t u) {
    return u == 0 ? 0 : 64 - __builtin_clzll(u);
}

/** ceil(log2(n)) for n >= 1, as SystemVerilog's $clog2. */
static inline int pm_clog2(uint64_t n) {
    return n <= 1 ? 0 : pm_bl(n - 1);
}

/** A shift amount, clamped to 0..31. */
static inline int pm_clamp_shift(int64_t n) {
    return n < 0 ? 0 : n > 31 ? 31 : (int)n;
}

/** v >> n, arithmetic; a negative n shifts left. Amounts are clamped to 31, the left shift is a product in
 *  64 bits: |v| must stay below 2^32 for n < 0. */
static inline int64_t pm_shr(int64_t v, int64_t n) {
    return n >= 0 ? v >> pm_clamp_shift(n) : v * ((int64_t)1 << pm_clamp_shift(-n));
}

/** An 8x8 bit matrix transposed, byte i is row i: the three swaps exchange 1x1, 2x2 and 4x4 blocks across the
 * diagonal. */
static inline uint64_t pm_transpose8(uint64_t m) {
    uint64_t t = (m ^ m >> 7) & 0x00AA00AA00AA00AA;
    m ^= t ^ t << 7;
    t = (m ^ m >> 14) & 0x0000CCCC0000CCCC;
    m ^= t ^ t << 14;
    t = (m ^ m >> 28) & 0x00000000F0F0F0F0;
    return m ^ t ^ t << 28;
}

/** v limited to lo..hi. */
static inline int64_t pm_clamp(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

#ifdef __cplusplus
}
#endif
#endif
