/* `perimeter run`: what one evaluation of a network measures. */
#ifndef PM_RUN_H
#define PM_RUN_H

#include "net/vit.h"
#include "net/vit_map.h"
#include "run_settings.h"

#define PM_RUN_MAX_LAYERS 64

/** Golden engine over a set of images. */
struct pm_run_golden {
    unsigned images;
    unsigned correct_float, correct_integer, same_class;
    struct pm_attention_cost layer[PM_RUN_MAX_LAYERS];
    double seconds;
};

/** RTL against golden over a few whole images. */
struct pm_run_rtl {
    unsigned images;
    uint64_t compared, differ;
    uint64_t runs;                  /**< layers x images */
    double cycles_kv, cycles_token; /**< clocks a token in steady state, passes 1 and 2, summed over runs */
    double bound_kv, bound_token;   /**< the busiest array's accesses a token, likewise */
    uint64_t clocks;                /**< whole runs, fill and drain included */
    uint64_t elements_in, elements_out; /**< over the macro's edge, counted at its handshakes */
    double seconds;
};

/** A variant of the golden run on fewer images. */
struct pm_run_variant {
    const char *name;
    struct pm_run_golden golden;
};

#define PM_RUN_VARIANTS 6

struct pm_run_report {
    const char *model, *data;
    const struct pm_run_settings *settings;
    const struct pm_vit_config *network;
    struct pm_run_golden golden;
    struct pm_run_rtl rtl;
    struct pm_run_variant variant[PM_RUN_VARIANTS];
    unsigned variants;
};

/** Prints the report on stdout. */
void pm_run_print(const struct pm_run_report *r);
/** The report as JSON text, which the caller frees; NULL when out of memory. */
char *pm_run_summary(const struct pm_run_report *r);

#endif
