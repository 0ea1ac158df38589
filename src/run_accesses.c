// SPDX-License-Identifier: Apache-2.0
/* Reports of runs: what other ways to read arrays access by access would take, and the zeros that they live
 * on. */
#include "run.h"

void pm_run_add_windows(const struct pm_tally *t, struct pm_results *r) {
    double conversions = 0, levels = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
            const struct pm_counts *c = &t->counts[i][k];
            const double more = pm_ratio((double)c->of[PM_COUNT_WINDOWS], (double)c->of[PM_COUNT_ACCESSES]);
            conversions += more * (double)c->of[PM_COUNT_CONVERSIONS];
            levels += more * (double)c->of[PM_COUNT_LEVELS];
        }
    pm_result_group(r, "windows");
    pm_run_add_sum(t, PM_COUNT_WINDOWS, PM_COUNT_WINDOWS, "accesses", r);
    pm_result_int(r, "boost", 1, NULL, PM_RESULT_DERIVED);
    pm_result_real(r, "conversions", conversions, "conversions", PM_RESULT_DERIVED);
    pm_result_real(r, "levels", levels, "levels", PM_RESULT_DERIVED);
    pm_result_end(r);
}

/* Shares of zeros: of the bits, of the values, of groups of eight values, of such groups' slices of bit
 * planes. */
static const char *const key[] = {"bits", "values", "vectors", "slices"};
enum { WAYS = 4 };

static void shares(const struct pm_counts *c, double share[WAYS]) {
    const double bits = (double)c->of[PM_COUNT_BITS], values = (double)c->of[PM_COUNT_VALUES],
                 slices = (double)c->of[PM_COUNT_WINDOWS], vectors = slices * pm_ratio(values, bits);
    share[0] = 1 - pm_ratio((double)c->of[PM_COUNT_ONES], bits);
    share[1] = pm_ratio((double)c->of[PM_COUNT_ZERO_VALUES], values);
    share[2] = pm_ratio((double)c->of[PM_COUNT_ZERO_VECTORS], vectors);
    share[3] = pm_ratio((double)c->of[PM_COUNT_ZERO_SLICES], slices);
}

/* The first system whose zeros were looked at; NULL: none. */
static const struct pm_system *looked_at(const struct pm_tally *t) {
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_VALUES] > 0)
                return t->system[i];
    return NULL;
}

/* Of a part in all layers; false: its zeros were not looked at. Adds to *all. */
static bool sum_part(const struct pm_tally *t, const struct pm_system *system, unsigned part,
                     struct pm_counts *all, double share[WAYS]) {
    struct pm_counts sum = {0};
    for (unsigned i = 0; i < t->graph->nodes; i++)
        if (t->system[i] == system)
            pm_counts_add(&sum, &t->counts[i][part]);
    pm_counts_add(all, &sum);
    shares(&sum, share);
    return sum.of[PM_COUNT_VALUES] > 0;
}

static void add_shares(const char *name, const double share[WAYS], struct pm_results *r) {
    pm_result_group(r, name);
    for (int k = 0; k < WAYS; k++)
        pm_result_real(r, key[k], share[k], NULL, PM_RESULT_MEASURED);
    pm_result_end(r);
}

void pm_run_add_sparsity(const struct pm_tally *t, struct pm_results *r) {
    const struct pm_system *system = looked_at(t);
    struct pm_counts all = {0};
    double share[WAYS];
    if (!system)
        return;
    pm_result_group(r, "sparsity");
    for (unsigned k = 0; k < pm_system_parts(system); k++)
        if (sum_part(t, system, k, &all, share))
            add_shares(system->parts[k], share, r);
    shares(&all, share);
    add_shares("all", share, r);
    pm_result_end(r);
}

static void print_shares(const char *name, const double share[WAYS], FILE *to) {
    fprintf(to, "  %-4s", name);
    for (int k = 0; k < WAYS; k++)
        fprintf(to, "  %6.2f %6.2f", 100 * share[k], 1 / (1 - share[k]));
    fputc('\n', to);
}

void pm_run_print_sparsity(const struct pm_tally *t, FILE *to) {
    const struct pm_system *system = looked_at(t);
    struct pm_counts all = {0};
    double share[WAYS];
    if (!system)
        return;
    fprintf(to, "  zeros of what drives the arrays, %%, and 1/(1 - share), beyond which no boost goes that "
                "leaves them out\n"
                "  gemv          bits         values   vectors of 8    slices of 8\n");
    for (unsigned k = 0; k < pm_system_parts(system); k++)
        if (sum_part(t, system, k, &all, share))
            print_shares(system->parts[k], share, to);
    shares(&all, share);
    print_shares("all", share, to);
}
