// SPDX-License-Identifier: Apache-2.0
/* What a run's near-memory macros did: arrays that are read row by row, whose toggles are counted. */
#include "run.h"

#include <stdio.h>

static const enum pm_count shown[] = {PM_COUNT_ACCESSES, PM_COUNT_ROW_READS, PM_COUNT_TOGGLES,
                                      PM_COUNT_PRODUCT_TOGGLES, PM_COUNT_ENERGY};
#define SHOWN (sizeof shown / sizeof *shown)
#define HEAD  "   accesses  row reads     toggles    products      energy"

bool pm_run_in_macros(const struct pm_run_outcome *o) {
    return pm_tally_sum(&o->tally, PM_COUNT_ROW_READS, PM_COUNT_ROW_READS) > 0;
}

void pm_run_add_macros(const struct pm_run_outcome *o, struct pm_results *r) {
    if (!pm_run_in_macros(o))
        return;
    pm_result_group(r, "macros");
    for (size_t i = 0; i < SHOWN; i++)
        pm_run_add_sum(&o->tally, PM_COUNT_ROW_READS, shown[i], pm_count_info[shown[i]].key, r);
    pm_result_end(r);
}

/* An image's, of sums over `images`. */
static void print_numbers(const uint64_t sum[SHOWN], unsigned images) {
    printf(" %11.0f %10.0f %11.0f %11.0f %11.1f\n", (double)sum[0] / images, (double)sum[1] / images,
           (double)sum[2] / images, (double)sum[3] / images, (double)sum[4] / 1000 / images);
}

void pm_run_print_macros(const struct pm_run_outcome *o) {
    const struct pm_tally *t = &o->tally;
    uint64_t sum[SHOWN];
    if (!pm_run_in_macros(o))
        return;
    printf("  near-memory macros, an image; toggles of sense amplifiers, of products; energy in reads of a "
           "row, a "
           "model:\n    layer        by " HEAD "\n");
    for (unsigned n = 0; n < t->graph->nodes; n++)
        for (unsigned k = 0; t->counts[n] && k < pm_system_parts(t->system[n]); k++) {
            if (t->counts[n][k].of[PM_COUNT_ROW_READS] == 0)
                continue;
            for (size_t i = 0; i < SHOWN; i++)
                sum[i] = t->counts[n][k].of[shown[i]];
            printf("    %-12s %-3s", t->graph->node[n].name, t->system[n]->parts[k]);
            print_numbers(sum, o->images);
        }
}

void pm_run_print_macros_head(int width) {
    printf(
        "\nNear-memory macros, the same images; an image's counts; energy in reads of a row, a model\n  %-*s "
        "accuracy  same class " HEAD "\n",
        width, "variant");
}

void pm_run_print_macros_row(const struct pm_run_outcome *o) {
    uint64_t sum[SHOWN];
    for (size_t i = 0; i < SHOWN; i++)
        sum[i] = pm_tally_sum(&o->tally, PM_COUNT_ROW_READS, shown[i]);
    print_numbers(sum, o->images);
}
