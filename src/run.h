// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: what one evaluation of a network measures. */
#ifndef PM_RUN_H
#define PM_RUN_H

#include "net/encoder_map.h"
#include "net/hyflex_linear.h"
#include "run_settings.h"

#include <stdio.h>

#define PM_RUN_MAX_LAYERS 64
/** Bins of the softmax rows' exponents: PM_RUN_NE_FIRST and below, ..., PM_RUN_NE_FIRST + PM_RUN_NE - 1 and
 * above. */
#define PM_RUN_NE       20
#define PM_RUN_NE_FIRST (-4)

/** Golden engine over a set of images. */
struct pm_run_golden {
    unsigned images;
    unsigned correct_float, correct_integer, same_class;
    struct pm_attention_cost layer[PM_RUN_MAX_LAYERS];
    struct pm_hyflex_linear_cost arrays; /**< all matrices in HyFlexPIM arrays */
    double seconds;
};

/** Clocks a token in steady state (0: of one token there is none) and the busiest array's accesses a token,
 * of passes 1 and 2. */
struct pm_run_rate {
    double cycles_kv, cycles_token, bound_kv, bound_token;
};

/** RTL against golden over a few whole images. */
struct pm_run_rtl {
    unsigned images;
    uint64_t compared, differ;
    uint64_t runs;                               /**< layers x images */
    struct pm_run_rate sum;                      /**< over runs */
    struct pm_run_rate layer[PM_RUN_MAX_LAYERS]; /**< of each layer's last run */
    uint64_t clocks;                             /**< whole runs, fill and drain included */
    uint64_t elements_in, elements_out;          /**< over the macro's edge, counted at its handshakes */
    uint64_t arrays_compared, arrays_differ;     /**< HyFlexPIM arrays: codes, accumulators, clips, results */
    struct pm_hyflex_linear_cost arrays;         /**< golden cost of what was compared */
    uint64_t arrays_clocks;                      /**< measured; beside arrays.cycles */
    double seconds;
};

/** A variant of the golden run on fewer images. */
struct pm_run_variant {
    const char *name;
    const char *key; /**< NULL, or of "ffn_accuracy_KEY" in the summary: a variant of the arrays */
    struct pm_run_golden golden;
};

/** A variant of the arrays in RTL. */
struct pm_run_rtl_variant {
    const char *name;
    struct pm_run_rtl rtl;
};

#define PM_RUN_VARIANTS     16
#define PM_RUN_RTL_VARIANTS 4

struct pm_run_report {
    const char *model, *data;
    const struct pm_run_settings *settings;
    const struct pm_encoder_config *network;
    struct pm_run_golden golden;
    struct pm_run_rtl rtl;
    struct pm_run_variant variant[PM_RUN_VARIANTS];
    unsigned variants;
    struct pm_run_rtl_variant rtl_variant[PM_RUN_RTL_VARIANTS];
    unsigned rtl_variants;
};

/** Prints the report on stdout. */
void pm_run_print(const struct pm_run_report *r);
/** The report as JSON text, which the caller frees; NULL when out of memory. */
char *pm_run_summary(const struct pm_run_report *r);

/** What HyFlexPIM arrays cost an item: array reads, conversions, clocks, wrong codes a million; to the line's
 * end. */
void pm_run_print_arrays(const struct pm_hyflex_linear_cost *cost, double items, FILE *to);
/** The same, in all, as members of an object; nothing where there were none. */
void pm_run_json_arrays(const struct pm_hyflex_linear_cost *cost, struct cJSON *object);

#endif
