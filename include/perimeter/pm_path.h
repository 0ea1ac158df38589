// SPDX-License-Identifier: Apache-2.0
/* How a product is computed: by which path, and with which instructions. The integers are the same each way.
 */
#ifndef PM_PATH_H
#define PM_PATH_H

#ifdef __cplusplus
extern "C" {
#endif

/** Instruction sets of the inner loops. */
enum pm_isa {
    PM_ISA_BEST, /**< the last of the others that this CPU has */
    PM_ISA_PORTABLE,
    PM_ISA_AVX2,
    PM_ISA_AVX512, /**< F, BW, DQ and VL */
    PM_ISAS,
};

/** How an array's matrix is multiplied: the same integers and costs each way. */
enum pm_path {
    PM_PATH_BEST,  /**< exact where that is proven, array otherwise */
    PM_PATH_PLAIN, /**< the reference: access by access, cell by cell */
    PM_PATH_ARRAY, /**< every access and conversion, many at a time */
    PM_PATH_EXACT, /**< the integer product and its costs: every conversion is exact */
    PM_PATHS,
};

#ifdef __cplusplus
}
#endif
#endif
