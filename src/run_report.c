// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "placing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double pm_ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

void pm_run_add_config(const struct pm_run_job *j, struct pm_results *r) {
    pm_result_group(r, "effective_config");
    pm_result_text(r, "model", j->model);
    pm_result_text(r, j->pairs ? "pairs" : "data", j->pairs ? j->pairs : j->data);
    pm_settings_results(j->settings, r);
    for (size_t i = 0; j->plan.all[i]; i++)
        if (pm_placing_matters(&j->plan, &j->network.graph, j->plan.all[i]))
            pm_settings_results(j->plan.all[i], r);
    pm_plan_results(&j->plan, r);
    pm_result_end(r);
}

void pm_run_print_config(const struct pm_run_job *j, FILE *to) {
    fprintf(to, "perimeter run: %s on %s: ", j->model, j->pairs ? j->pairs : j->data);
    pm_plan_print(&j->plan, to);
    fputc(' ', to);
    pm_settings_print(j->settings, to);
    for (size_t i = 0; j->plan.all[i]; i++) {
        if (!pm_placing_matters(&j->plan, &j->network.graph, j->plan.all[i]))
            continue;
        fputc(' ', to);
        pm_settings_print(j->plan.all[i], to);
    }
    fputc('\n', to);
}

void pm_run_add_accuracy(const struct pm_run_outcome *o, struct pm_results *r) {
    pm_result_real(r, "accuracy_float", pm_ratio(o->correct_float, o->images), NULL, PM_RESULT_MEASURED);
    pm_result_real(r, "accuracy_integer", pm_ratio(o->correct_integer, o->images), NULL, PM_RESULT_MEASURED);
    pm_result_real(r, "same_class", pm_ratio(o->same_class, o->images), NULL, PM_RESULT_MEASURED);
}

void pm_run_add_sum(const struct pm_tally *t, enum pm_count kind, enum pm_count count, const char *key,
                    struct pm_results *r) {
    pm_result_int(r, key, (int64_t)pm_tally_sum(t, kind, count), pm_count_info[count].unit,
                  PM_RESULT_MEASURED);
}

/* Clocks of layers that count array reads: of each its last part, which is the whole. */
static uint64_t array_clocks(const struct pm_tally *t) {
    uint64_t clocks = 0;
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        bool reads = false;
        const unsigned parts = t->counts[i] ? pm_system_parts(t->system[i]) : 0;
        for (unsigned k = 0; k < parts; k++)
            reads = reads || t->counts[i][k].of[PM_COUNT_READS] > 0;
        clocks += reads ? t->counts[i][parts - 1].of[PM_COUNT_CLOCKS] : 0;
    }
    return clocks;
}

void pm_run_add_arrays(const struct pm_tally *t, struct pm_results *r) {
    const uint64_t clocks = array_clocks(t);
    if (clocks == 0)
        return;
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_READS, "array_reads", r);
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_CONVERSIONS, "array_conversions", r);
    pm_result_int(r, "array_clocks", (int64_t)clocks, "clocks", PM_RESULT_MEASURED);
    pm_run_add_sum(t, PM_COUNT_READS, PM_COUNT_WRONG, "clips", r);
}

static double at(const struct pm_results *r, const char *path, const char *key) {
    char full[96];
    snprintf(full, sizeof full, "%s%s", path, key);
    return pm_results_number(r, full);
}

bool pm_run_print_arrays(const struct pm_results *r, const char *path, double items, FILE *to) {
    const double conversions = at(r, path, "array_conversions");
    if (isnan(conversions))
        return false;
    fprintf(to, " %8.0f %11.0f %9.0f %10.3f\n", at(r, path, "array_reads") / items, conversions / items,
            at(r, path, "array_clocks") / items, 1e6 * pm_ratio(at(r, path, "clips"), conversions));
    return true;
}

static void add_part(const struct pm_counts *c, struct pm_results *r) {
    for (int k = 0; k < PM_COUNTS; k++)
        if (c->of[k] > 0)
            pm_result_int(r, pm_count_info[k].key, (int64_t)c->of[k], pm_count_info[k].unit,
                          PM_RESULT_MEASURED);
    for (int h = 0; h < PM_HISTOGRAMS; h++) {
        const struct pm_histogram_info *info = &pm_histogram_info[h];
        uint64_t any = 0;
        for (unsigned b = 0; b < info->bins; b++)
            any |= c->bin[h][b];
        if (any)
            pm_result_ints(r, info->key, c->bin[h], info->bins, info->unit, PM_RESULT_MEASURED);
    }
}

void pm_run_add_counts(const struct pm_tally *t, struct pm_results *r) {
    pm_result_group(r, "counts");
    for (unsigned i = 0; i < t->graph->nodes; i++) {
        const struct pm_system *system = t->system[i];
        if (!t->counts[i])
            continue;
        pm_result_group(r, t->graph->node[i].name);
        pm_result_text(r, "system", system->name);
        for (unsigned k = 0; k < pm_system_parts(system); k++) {
            if (!pm_counts_any(&t->counts[i][k]))
                continue;
            pm_result_group(r, system->parts[k]);
            add_part(&t->counts[i][k], r);
            pm_result_end(r);
        }
        pm_result_end(r);
    }
    pm_result_end(r);
}

struct pm_twin_result pm_run_rtl_sum(const struct pm_run_outcome *o, enum pm_node_kind kind,
                                     const struct pm_system *system) {
    const struct pm_tally *t = &o->tally;
    struct pm_twin_result sum = {0};
    for (unsigned i = 0; i < t->graph->nodes; i++)
        if (t->graph->node[i].kind == kind && (!system || t->system[i] == system))
            pm_twin_result_add(&sum, &o->rtl[i]);
    return sum;
}

/* What the layers that count array reads are in. */
const char *pm_run_arrays_title(const struct pm_tally *t) {
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++)
            if (t->counts[i][k].of[PM_COUNT_READS] > 0)
                return t->system[i]->title;
    return "arrays";
}

void pm_run_warn(const struct pm_tally *t) {
    const double share = 0.001;
    for (unsigned i = 0; i < t->graph->nodes; i++)
        for (unsigned k = 0; t->counts[i] && k < pm_system_parts(t->system[i]); k++) {
            const struct pm_counts *c = &t->counts[i][k];
            if ((double)c->of[PM_COUNT_CLIPPED] <= share * (double)c->of[PM_COUNT_WRITES])
                continue;
            fprintf(
                stderr,
                "perimeter: warning: %s: %.2f %% of the stored elements of %s were clamped, more than %g %%: "
                "is %s calibrated for this network?\n",
                t->graph->node[i].name,
                100 * pm_ratio((double)c->of[PM_COUNT_CLIPPED], (double)c->of[PM_COUNT_WRITES]),
                t->system[i]->parts[k], 100 * share, t->system[i]->name);
        }
}
